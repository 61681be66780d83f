import type { SealedBatch } from '../batch/batch-format.ts';

interface Held {
  readonly batch: SealedBatch;
  /** Of those who still need the bytes: who sends it, and this table or whoever took it from here. */
  users: number;
}

/**
 * Batches that are on their way through Redis and whose bytes are still here, so that a worker which is given one of its own
 * need not read it: with one node that is nearly every batch. Bounded; the oldest are forgotten, and read from Redis.
 *
 *   hold ──▶ held ──take──▶ taken ──▶ released by who took it
 *              └──bound, forget──▶ released
 */
export class OwnBatches {
  readonly #maxBytes: number;
  readonly #held = new Map<string, Held>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that are held and that nobody took. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Before a batch is sent, since it may come back before that has been answered.
   * @returns it, with a `release` of the sender's own: the memory is free when all have released it
   */
  hold(batch: SealedBatch): SealedBatch {
    const { id, encoded } = batch;
    if (this.#held.has(id) || encoded.length > this.#maxBytes) return batch;
    const held = { batch, users: 2 };
    this.#held.set(id, held);
    this.#bytes += encoded.length;
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.forget(oldest);
    }
    return { ...batch, release: () => letGo(held) };
  }

  /** @returns a batch that is here, for the caller to release; undefined where it has to be read */
  take(id: string): SealedBatch | undefined {
    const held = this.#remove(id);
    return held && { ...held.batch, release: () => letGo(held) };
  }

  /** It did not get into Redis, or is not worth its memory any more. */
  forget(id: string): void {
    const held = this.#remove(id);
    if (held !== undefined) letGo(held);
  }

  clear(): void {
    for (const id of this.#held.keys()) this.forget(id);
  }

  #remove(id: string): Held | undefined {
    const held = this.#held.get(id);
    if (held === undefined) return undefined;
    this.#held.delete(id);
    this.#bytes -= held.batch.encoded.length;
    return held;
  }
}

function letGo(held: Held): void {
  held.users -= 1;
  if (held.users === 0) held.batch.release();
}
