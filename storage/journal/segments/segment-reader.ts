import { messageOf } from '../../../src/runtime/errors.ts';
import type { Log } from '../../../src/runtime/log.ts';
import type { Entry, Segment } from './segment.ts';
import type { SegmentStore } from './segment-store.ts';

/** Goes through the segments of a store once, oldest first, while they are written and dropped. */
export class SegmentReader {
  readonly #store: SegmentStore;
  readonly #log: Log;
  #reading: Segment | undefined;
  #cursor = 0;
  #sequence = 0;

  constructor(store: SegmentStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /** Whether it is in this segment, and needs its entries. */
  isIn(segment: Segment): boolean {
    return segment === this.#reading;
  }

  /** The next entry that is not done, or undefined when all that were accepted have been given out. */
  async next(): Promise<Entry | undefined> {
    for (;;) {
      const segment = this.#current();
      if (segment === undefined) return undefined;
      try {
        if (segment.entries === undefined) await segment.load(false);
      } catch (error) {
        this.#reading = undefined;
        if (this.#store.all.includes(segment))
          this.#log.error({ file: segment.path, error: messageOf(error) }, 'a segment of the journal cannot be read');
        continue;
      }
      if (!this.#store.all.includes(segment)) continue; // dropped in the meantime, and counted
      for (const entries = segment.entries ?? []; this.#cursor < entries.length;) {
        const entry = entries[this.#cursor];
        this.#cursor += 1;
        if (entry?.done === false) return entry;
      }
      if (segment === this.#store.all.at(-1)) return undefined;
      this.#reading = undefined;
      this.#store.removeIfDone(segment);
    }
  }

  /** Since when the oldest batch that it has not come to waits, by the monotonic clock; Infinity when there is none. */
  oldestSinceMs(): number {
    const isListed = this.#reading !== undefined && this.#store.all.includes(this.#reading);
    const unread = isListed ? this.#reading?.entries?.[this.#cursor]?.sinceMs : undefined;
    const unopened = this.#store.all.find((segment) => segment.sequence > this.#sequence && segment.size > 0);
    return unread ?? unopened?.firstSinceMs ?? Infinity;
  }

  #current(): Segment | undefined {
    if (this.#reading === undefined || !this.#store.all.includes(this.#reading)) {
      this.#reading = this.#store.after(this.#sequence);
    }
    if (this.#reading === undefined) return undefined;
    if (this.#reading.sequence !== this.#sequence) this.#cursor = 0;
    this.#sequence = this.#reading.sequence;
    return this.#reading;
  }
}
