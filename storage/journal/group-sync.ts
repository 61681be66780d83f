import type { Clock } from '../../src/runtime/clock.ts';
import type { Entry, Segment } from './segments/segment.ts';

interface Waiting {
  readonly entry: Entry;
  readonly sinceMs: number;
  readonly whenSafe: (() => void) | undefined;
}

/**
 * Syncs segments to the disk for many batches at once. A batch that is done (in the database) before its time has come costs
 * no sync at all; while the database keeps up, the journal hardly touches the disk.
 */
export class GroupSync {
  readonly #delayMs: number;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #waiting: Waiting[] = [];
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;

  /** @param delayMs how long a batch may stay unsynced */
  constructor(delayMs: number, clock: Clock, onError: (error: unknown) => void) {
    this.#delayMs = delayMs;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** @param whenSafe called once it is synced, or done */
  add(entry: Entry, whenSafe?: () => void): void {
    this.#waiting.push({ entry, sinceMs: this.#clock.monotonicMs(), whenSafe });
    // One sync at a time: a slow disk is not helped by more of them.
    if (this.#running === undefined) this.#cancel ??= this.#clock.after(this.#delayMs, () => this.#check());
  }

  /** Syncs what waits, now. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#running;
    await this.#sync();
  }

  #check(): void {
    this.#cancel = undefined;
    this.#forgetDone();
    const [oldest] = this.#waiting;
    if (oldest === undefined) return;
    const leftMs = oldest.sinceMs + this.#delayMs - this.#clock.monotonicMs();
    if (leftMs > 0) {
      this.#cancel = this.#clock.after(leftMs, () => this.#check());
    } else {
      this.#running = this.#syncAndGoOn();
    }
  }

  async #syncAndGoOn(): Promise<void> {
    await this.#sync();
    this.#running = undefined;
    this.#check();
  }

  async #sync(): Promise<void> {
    this.#forgetDone();
    const due = this.#waiting;
    this.#waiting = [];
    const segments = new Set(due.map(({ entry }) => entry.segment));
    await Promise.all(Array.from(segments, (segment) => this.#syncOne(segment)));
    for (const { whenSafe } of due) whenSafe?.();
  }

  #forgetDone(): void {
    for (const { entry, whenSafe } of this.#waiting) if (entry.done) whenSafe?.();
    this.#waiting = this.#waiting.filter(({ entry }) => !entry.done);
  }

  async #syncOne(segment: Segment): Promise<void> {
    try {
      await segment.sync();
    } catch (error) {
      this.#onError(error);
    }
  }
}
