import type { Clock } from '../../src/runtime/clock.ts';
import type { SealedBatch } from '../batch/batch-format.ts';

/** A batch that has not come back for so long is likely to be another node's. */
const OLD_MS = 2000;

interface Held {
  readonly batch: SealedBatch;
  readonly sinceMs: number;
  /** Of those who still need the bytes: who sends it, and this table or whoever took it from here. */
  users: number;
}

/**
 * Batches that are on their way through Redis and whose bytes are still here, so that a worker which is given one of its own
 * need not read it: with one node that is nearly every batch. Bounded: when it is full, those that come are not held, since what
 * is here comes back first; unless it has been here for longer than that takes, and is somebody else's by now.
 *
 *   hold ──▶ held ──take──▶ taken ──▶ released by who took it
 *              └──full and old, forget──▶ released
 */
export class OwnBatches {
  readonly #maxBytes: number;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #held = new Map<string, Held>();
  #bytes = 0;

  constructor(maxBytes: number, clock: Pick<Clock, 'monotonicMs'>) {
    this.#maxBytes = maxBytes;
    this.#clock = clock;
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
    const sinceMs = this.#clock.monotonicMs();
    if (this.#held.has(id) || !this.#hasRoom(encoded.length, sinceMs)) return batch;
    const held = { batch, sinceMs, users: 2 };
    this.#held.set(id, held);
    this.#bytes += encoded.length;
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

  /** Makes room where that costs only batches which have been here for long. */
  #hasRoom(bytes: number, nowMs: number): boolean {
    for (const [id, { sinceMs }] of this.#held) {
      if (this.#bytes + bytes <= this.#maxBytes || nowMs - sinceMs < OLD_MS) break;
      this.forget(id);
    }
    return this.#bytes + bytes <= this.#maxBytes;
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
