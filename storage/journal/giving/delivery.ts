import type { SealedBatch } from '../../batch/batch-format.ts';
import type { JournalHome } from '../claim/journal-home.ts';
import type { LossTeller } from '../losing/loss-teller.ts';
import type { ReadMemory } from '../segments/read-memory.ts';
import type { Entry } from '../segments/segment.ts';
import type { SegmentReader } from '../segments/segment-reader.ts';
import type { SegmentStore } from '../segments/segment-store.ts';
import type { HandedOut } from './handed-out.ts';
import type { KeptBatches } from './kept-batches.ts';
import type { PassingBatches } from './passing-batches.ts';

interface DeliveryParts {
  readonly store: SegmentStore;
  readonly reader: SegmentReader;
  readonly handedOut: HandedOut;
  readonly kept: KeptBatches;
  /** These came in last. */
  readonly passing: PassingBatches;
  readonly readMemory: ReadMemory;
  readonly home: JournalHome;
  readonly losses: LossTeller;
}

type Waiter = (batch: SealedBatch | undefined) => void;

/** Hands batches, the oldest first, to those who wait for one. */
export class Delivery {
  readonly #parts: DeliveryParts;
  #waiters: Waiter[] = [];
  #pumping: Promise<void> | undefined;
  #isWoken = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** The next batch; undefined when `signal` aborts, or at the end. */
  next(signal?: AbortSignal): Promise<SealedBatch | undefined> {
    return new Promise((resolve) => {
      const waiter = (batch: SealedBatch | undefined): void => {
        signal?.removeEventListener('abort', abort);
        resolve(batch);
      };
      const abort = (): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(undefined);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiters.push(waiter);
      this.wake();
    });
  }

  /** To be told that there may be a batch for somebody who waits. */
  wake(): void {
    this.#isWoken = true;
    this.#pumping ??= this.#pump();
  }

  /** Nobody waits any more. */
  dismiss(): void {
    for (const waiter of this.#waiters.splice(0)) waiter(undefined);
  }

  /** Resolves when no batch is on its way. */
  async settled(): Promise<void> {
    await this.#pumping;
  }

  async #pump(): Promise<void> {
    const { handedOut, reader, passing } = this.#parts;
    await Promise.resolve(); // so that `#pumping` is set before it is cleared
    while (this.#isWoken) {
      this.#isWoken = false;
      while (this.#waiters.length > 0) {
        const returned = passing.takeReturned();
        if (returned !== undefined) {
          this.#waiters.shift()?.(returned);
          continue;
        }
        const entry = handedOut.takeReturned() ?? (await reader.next());
        if (entry === undefined) {
          if (!this.#givePassing()) break;
          continue;
        }
        const batch = entry.batch ?? (await this.#readBack(entry));
        if (batch === undefined) continue;
        const waiter = this.#waiters.shift();
        if (waiter === undefined) {
          handedOut.putBack(entry);
        } else {
          handedOut.give(entry);
          waiter(batch);
        }
      }
    }
    this.#pumping = undefined;
  }

  #givePassing(): boolean {
    const batch = this.#waiters.length > 0 ? this.#parts.passing.takeWaiting() : undefined;
    if (batch !== undefined) this.#waiters.shift()?.(batch);
    return batch !== undefined;
  }

  async #readBack(entry: Entry): Promise<SealedBatch | undefined> {
    const { kept, readMemory, home, store, losses } = this.#parts;
    const batch = await entry.segment.read(entry, readMemory).catch(() => undefined);
    if (entry.done) {
      batch?.release();
      return undefined; // dropped in the meantime, and counted
    }
    if (batch !== undefined) {
      kept.keep(entry, batch);
      return batch;
    }
    const { claim } = home;
    if (!(await claim.holds().catch(() => true))) {
      await home.moveOut(claim).catch(() => undefined);
      return undefined; // somebody else has it
    }
    await store.keepAside(entry.segment, entry.offset, entry.bytes);
    losses.lose(entry.table, entry.rows, 'damaged on the disk');
    entry.segment.markDone(entry);
    store.removeIfDone(entry.segment);
    return undefined;
  }
}
