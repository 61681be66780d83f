import type { SealedBatch } from '../../batch/batch-format.ts';
import type { Passing } from '../giving/passing-batches.ts';

interface Pending {
  readonly batch: SealedBatch;
  readonly sinceMs: number;
  readonly settle: (accepted: boolean) => void;
  /** Where it is accepted already, on its draft. */
  readonly passing?: Passing;
}

const MAX_GROUP_BATCHES = 64;
const MAX_GROUP_BYTES = 16 << 20;

/** Batches on their way to the disk, in the order in which they came. */
export class PendingBatches {
  bytes = 0;
  readonly #batches: Pending[] = [];

  get length(): number {
    return this.#batches.length;
  }

  /** In all of them. */
  get rows(): number {
    return this.#batches.reduce((sum, { batch }) => sum + batch.rows, 0);
  }

  /** Since when the first one waits, by the monotonic clock; Infinity when there is none. */
  get oldestSinceMs(): number {
    return this.#batches[0]?.sinceMs ?? Infinity;
  }

  /** Resolves with whether it was accepted. */
  add(batch: SealedBatch, sinceMs: number): Promise<boolean> {
    this.bytes += batch.encoded.length;
    return new Promise((settle) => this.#batches.push({ batch, sinceMs, settle }));
  }

  /** Adds one that is accepted already, and goes into a segment after all. */
  addPassing(passing: Passing): void {
    const { batch, sinceMs } = passing;
    this.bytes += batch.encoded.length;
    this.#batches.push({ batch, sinceMs, settle: () => {}, passing });
  }

  /** The first ones, as many as are written at once. */
  nextGroup(): Pending[] {
    let bytes = 0;
    let count = 0;
    for (const { batch } of this.#batches) {
      bytes += batch.encoded.length;
      if (count > 0 && (bytes > MAX_GROUP_BYTES || count === MAX_GROUP_BATCHES)) break;
      count += 1;
    }
    return this.#batches.slice(0, count);
  }

  /** They are written, or lost: the first `count` are not pending any more; their bytes are until they are taken off `bytes`. */
  remove(count: number): void {
    this.#batches.splice(0, count);
  }
}
