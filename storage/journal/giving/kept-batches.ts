import type { SealedBatch } from '../../batch/batch-format.ts';
import type { Entry } from '../segments/segment.ts';

/** Batches of the journal that are in memory as well, so that writing them needs no reading back. */
export class KeptBatches {
  readonly #maxBytes: number;
  #bytes = 0;

  /** @param maxBytes up to which batches that come in are kept */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes room for a batch that is not in a segment. @returns false where there is none */
  reserve(bytes: number, maxBytes: number = this.#maxBytes): boolean {
    if (this.#bytes + bytes > maxBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Such a batch is gone. */
  unreserve(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Keeps what has just come in, or releases it where there is no room for it. */
  take(entry: Entry): void {
    if (this.#bytes + entry.bytes <= this.#maxBytes) {
      this.#bytes += entry.bytes;
    } else {
      entry.batch?.release();
      entry.batch = undefined;
    }
  }

  /** Keeps what was read back, since it is given out next. */
  keep(entry: Entry, batch: SealedBatch): void {
    entry.batch = batch;
    this.#bytes += entry.bytes;
  }

  /** Lets go of the copy in memory. */
  forget(entry: Entry): void {
    if (entry.batch === undefined) return;
    entry.batch.release();
    entry.batch = undefined;
    this.#bytes -= entry.bytes;
  }
}
