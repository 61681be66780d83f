import type { Acceptance } from '../../../collectors/acceptance.ts';
import type { RowTable } from '../../../collectors/row-sink.ts';
import type { SealedBatch } from '../../../storage/batch/batch-format.ts';
import { type BatchLimits, MAX_RESERVE_BYTES, OpenBatch } from '../../../storage/batch/batch.ts';
import { BufferPool } from '../../../storage/batch/buffer-pool.ts';
import type { Draft } from '../../../storage/journal/drafts/draft.ts';
import type { DraftStore } from '../../../storage/journal/drafts/draft-store.ts';
import type { Queue } from '../../../storage/queue.ts';
import type { Clock } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';

export interface RowIntakeOptions {
  readonly limits: BatchLimits;
  /** Size of a large batch at most. */
  readonly batchBytes: number;
  /** What the queue keeps of waiting batches in memory: so much comes back, and is used again. */
  readonly queueMemoryBytes: number;
}

interface Waiting {
  readonly settled: (accepted: boolean) => void;
  /** How many batches had been lost when it began to wait. */
  readonly lostBefore: number;
}

/** Buffers beside those that wait in the queue: being filled, journaled, written. */
const BUFFERS_IN_USE = 4;
/** How long rows that somebody waits for may gather company before their batch is sealed. */
const HURRY_MS = 5;
/** How often a stream that found no room asks again. */
const ROOM_POLL_MS = 50;

/**
 * The open batches of one family and the queue behind them: where decoded rows become accepted ones.
 *
 *   commit ─▶ open batch ──sealed──▶ appending ──▶ accepted, or lost and counted by the queue: the draft is released here
 *                                        └── whoever waits for these rows is told which of the two
 */
export class RowIntake implements Acceptance {
  readonly #options: RowIntakeOptions;
  readonly #queue: Queue;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #drafts: DraftStore | undefined;
  readonly #large: BufferPool;
  readonly #small: BufferPool;
  readonly #batches: OpenBatch[] = [];
  readonly #appending = new Set<Promise<void>>();
  /** Those whose rows may not all be sealed yet. */
  #waiting: Waiting[] = [];
  #lostBatches = 0;
  #cancelHurry: (() => void) | undefined;

  /** @param drafts where rows wait that are not in the queue yet; without, they are in memory only */
  constructor(options: RowIntakeOptions, queue: Queue, clock: Clock, log: Log, drafts?: DraftStore) {
    this.#options = options;
    this.#queue = queue;
    this.#clock = clock;
    this.#log = log;
    this.#drafts = drafts;
    const bytes = Math.max(options.batchBytes, 2 * MAX_RESERVE_BYTES);
    // All of a backlog come back at once. Freed and allocated anew, they would leave holes in the heap for good.
    this.#large = new BufferPool(bytes, BUFFERS_IN_USE + Math.ceil(options.queueMemoryBytes / bytes));
    this.#small = new BufferPool(2 * MAX_RESERVE_BYTES, 1);
  }

  /** An open batch for a table with most of the rows (`large`) or with a few now and then. */
  open(table: RowTable, size: 'large' | 'small'): OpenBatch {
    const pool = size === 'large' ? this.#large : this.#small;
    const append = (sealed: SealedBatch, draft: Draft | undefined): void => this.#append(sealed, draft);
    const batch = new OpenBatch(table, this.#options.limits, this.#clock, pool, append, this.#drafts);
    this.#batches.push(batch);
    return batch;
  }

  /** Everything that was committed is in the queue, and whoever waited has been told, when this resolves. */
  async settle(): Promise<void> {
    this.#cancelHurry?.();
    this.#cancelHurry = undefined;
    for (const batch of this.#batches) batch.seal();
    const waiting = this.#waiting;
    this.#waiting = [];
    await Promise.all(this.#appending);
    // A batch that was lost meanwhile may have held their rows: to ask once more is better than to say yes.
    for (const { settled, lostBefore } of waiting) settled(this.#lostBatches === lostBefore);
  }

  whenAccepted(settled: (accepted: boolean) => void): void {
    this.#waiting.push({ settled, lostBefore: this.#lostBatches });
    this.#cancelHurry ??= this.#clock.after(HURRY_MS, () => void this.settle());
  }

  hasRoom(): boolean {
    return this.#queue.hasRoom();
  }

  async whenRoom(signal: AbortSignal): Promise<void> {
    while (!this.hasRoom() && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          cancel();
          signal.removeEventListener('abort', wake);
          resolve();
        };
        const cancel = this.#clock.after(ROOM_POLL_MS, wake);
        signal.addEventListener('abort', wake);
      });
    }
  }

  #append(batch: SealedBatch, draft: Draft | undefined): void {
    const appended = this.#enqueue(batch, draft).finally(() => this.#appending.delete(appended));
    this.#appending.add(appended);
  }

  /** Never rejects. A batch that is lost at the queue's bound is counted and logged there. */
  async #enqueue(batch: SealedBatch, draft: Draft | undefined): Promise<void> {
    try {
      if (!(await this.#queue.append(batch, draft))) this.#lostBatches += 1;
      draft?.release();
    } catch (error) {
      // Closed, for one. The draft stays, and is found at the next start.
      this.#lostBatches += 1;
      this.#log.error({ table: batch.table, rows: batch.rows, error: messageOf(error) }, 'a batch was not taken');
    }
  }
}
