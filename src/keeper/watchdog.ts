import type { Clock } from '../runtime/clock.ts';

const LOOK_EVERY_MS = 250;
/** Looks that come later than this say that it is us who were paused, or late. */
const OWN_LAG_MS = 500;
/** A child that shows no sign of life for so long hangs. */
const SILENCE_MS = 2000;

/**
 * Barks when a child has been silent for two seconds: but not when the keeper itself did not run (stopped, swapped out, starved), since
 * signs of life then wait in the pipe; everyone gets two fresh seconds.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #bark: () => void;
  #heardAtMs = 0;
  #lookedAtMs = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, bark: () => void) {
    this.#clock = clock;
    this.#bark = bark;
  }

  start(): void {
    this.stop();
    this.#lookedAtMs = this.#clock.monotonicMs();
    this.#heardAtMs = this.#lookedAtMs;
    this.#schedule();
  }

  /** The child has shown a sign of life. */
  heard(): void {
    this.#heardAtMs = this.#clock.monotonicMs();
  }

  stop(): void {
    this.#cancel?.();
  }

  #schedule(): void {
    this.#cancel = this.#clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  #look(): void {
    const now = this.#clock.monotonicMs();
    if (now - this.#lookedAtMs > LOOK_EVERY_MS + OWN_LAG_MS) this.#heardAtMs = now;
    this.#lookedAtMs = now;
    if (now - this.#heardAtMs > SILENCE_MS) return this.#bark();
    this.#schedule();
  }
}
