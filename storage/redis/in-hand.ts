import type { SealedBatch } from '../batch/batch-format.ts';

interface Taken {
  readonly batch: SealedBatch;
  readonly from: 'redis' | 'journal';
  /** Who waits to hear whether it was written; several where Redis gave it again meanwhile. */
  readonly settled: ((written: boolean) => void)[];
}

/** Batches between those who bring them and those who write them. */
export class InHand {
  /** Called when somebody asks for a batch and there is none. */
  onAsked: () => void = () => {};
  readonly #waiting: ((batch: SealedBatch | undefined) => void)[] = [];
  readonly #ready: SealedBatch[] = [];
  readonly #taken = new Map<string, Taken>();
  #isClosed = false;

  /** Batches of Redis that are here, given out or not. */
  get fromRedis(): number {
    let count = 0;
    for (const { from } of this.#taken.values()) if (from === 'redis') count += 1;
    return count;
  }

  /** A batch of Redis; it waits until somebody asks. @returns later: whether it is in the database */
  offer(batch: SealedBatch): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    return new Promise((resolve) => {
      const before = this.#taken.get(batch.id);
      if (before !== undefined) {
        before.settled.push(resolve);
        return;
      }
      this.#taken.set(batch.id, { batch, from: 'redis', settled: [resolve] });
      const waiter = this.#waiting.shift();
      if (waiter === undefined) this.#ready.push(batch);
      else waiter(batch);
    });
  }

  /** A batch of the journal. @returns false where nobody waits for one, or it is being written already */
  give(batch: SealedBatch): boolean {
    if (this.#waiting.length === 0 || this.#taken.has(batch.id)) return false;
    this.#taken.set(batch.id, { batch, from: 'journal', settled: [] });
    this.#waiting.shift()?.(batch);
    return true;
  }

  next(signal?: AbortSignal): Promise<SealedBatch | undefined> {
    if (this.#isClosed || signal?.aborted) return Promise.resolve(undefined);
    const ready = this.#ready.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    return new Promise((resolve) => {
      const waiter = (batch: SealedBatch | undefined): void => {
        signal?.removeEventListener('abort', abort);
        resolve(batch);
      };
      const abort = (): void => {
        const at = this.#waiting.indexOf(waiter);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve(undefined);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.push(waiter);
      this.onAsked();
    });
  }

  /** What the writer says of a batch. @returns the batch; undefined where it is not in hand */
  settle(id: string, written: boolean): Taken | undefined {
    const taken = this.#taken.get(id);
    this.#taken.delete(id);
    for (const settle of taken?.settled ?? []) settle(written);
    return taken;
  }

  /** Gives everything of Redis back, and nobody a batch any more. */
  close(): void {
    this.#isClosed = true;
    for (const waiter of this.#waiting.splice(0)) waiter(undefined);
    this.#ready.length = 0;
    for (const { settled } of this.#taken.values()) for (const settle of settled) settle(false);
  }
}
