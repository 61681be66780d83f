import type { Rate } from './rule-settings.ts';

/** A token bucket: a burst of `messages`, then as many in each `perMs`. Time comes with each question. */
export class RateBucket {
  readonly #messages: number;
  readonly #perMicro: number;
  #tokens: number;
  #filledAtMicros = 0;

  constructor({ messages, perMs }: Rate) {
    this.#messages = messages;
    this.#perMicro = messages / (perMs * 1000);
    this.#tokens = messages;
  }

  /** Whether one more message passes. */
  take(nowMicros: number): boolean {
    const elapsed = Math.max(0, nowMicros - this.#filledAtMicros); // the wall clock may step back
    this.#filledAtMicros = nowMicros;
    this.#tokens = Math.min(this.#messages, this.#tokens + elapsed * this.#perMicro);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
