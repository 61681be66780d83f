import type { Clock } from '../../../src/runtime/clock.ts';
import type { SealedBatch } from '../../batch/batch-format.ts';
import type { BatchDraft } from '../../queue.ts';
import type { KeptBatches } from './kept-batches.ts';

/** A batch in memory, and the draft that outlives the process. */
export interface Passing {
  readonly batch: SealedBatch;
  readonly draft: BatchDraft;
  /** By the monotonic clock. */
  readonly sinceMs: number;
}

/** More are no sign of a database that keeps up; each has a file open. */
const MAX_BATCHES = 64;

/**
 * Batches that pass from memory into the database without being in a segment: their drafts hold all of their rows. One that nobody
 * has taken in time goes into a segment.
 *
 *   add ──▶ waiting ──▶ in hand ──acknowledged──▶ gone: the draft is released
 *              │           └── given back ──▶ returned ──▶ in hand
 *              └── overdue ──▶ with whoever puts it into a segment; not written: waiting again
 */
export class PassingBatches {
  #bytes = 0;
  readonly #kept: KeptBatches;
  readonly #stayMs: number;
  readonly #clock: Clock;
  readonly #onOverdue: (overdue: readonly Passing[]) => void;
  readonly #inHand = new Map<string, Passing>();
  #waiting: Passing[] = [];
  #returned: Passing[] = [];
  #cancel: (() => void) | undefined;

  /**
   * @param kept whose bound on the memory holds for these, too
   * @param stayMs how long one may wait
   * @param onOverdue given those that have waited so long, the oldest first; they are not in here any more
   */
  constructor(kept: KeptBatches, stayMs: number, clock: Clock, onOverdue: (overdue: readonly Passing[]) => void) {
    this.#kept = kept;
    this.#stayMs = stayMs;
    this.#clock = clock;
    this.#onOverdue = onOverdue;
  }

  /** Of all batches in here. */
  get bytes(): number {
    return this.#bytes;
  }

  *all(): Generator<Passing> {
    yield* this.#inHand.values();
    yield* this.#returned;
    yield* this.#waiting;
  }

  /** @returns false where it has to go into a segment at once */
  add(batch: SealedBatch, draft: BatchDraft): boolean {
    const count = this.#inHand.size + this.#returned.length + this.#waiting.length;
    if (count >= MAX_BATCHES || !draft.holdsAll(batch.rows) || !this.#kept.reserve(batch.encoded.length)) return false;
    draft.hold();
    this.#bytes += batch.encoded.length;
    this.#waiting.push({ batch, draft, sinceMs: this.#clock.monotonicMs() });
    this.#cancel ??= this.#clock.after(this.#stayMs, () => this.#check());
    return true;
  }

  /** Takes back what could not be put into a segment; it is tried again. */
  putBack(passing: Passing): void {
    this.#kept.reserve(passing.batch.encoded.length, Infinity);
    this.#bytes += passing.batch.encoded.length;
    this.#waiting.push({ ...passing, sinceMs: this.#clock.monotonicMs() });
    this.#cancel ??= this.#clock.after(this.#stayMs, () => this.#check());
  }

  /** Gives one out that was given back. */
  takeReturned(): SealedBatch | undefined {
    return this.#give(this.#returned.shift());
  }

  /** Gives out the one that has waited longest. */
  takeWaiting(): SealedBatch | undefined {
    return this.#give(this.#waiting.shift());
  }

  /** It is in the database. @returns whether it was one of these */
  acknowledge(id: string): boolean {
    const passing = this.#inHand.get(id);
    if (passing === undefined) return false;
    this.#inHand.delete(id);
    this.#leave(passing);
    passing.batch.release();
    passing.draft.release();
    return true;
  }

  /** It is to come again. @returns whether it was one of these */
  giveBack(id: string): boolean {
    const passing = this.#inHand.get(id);
    if (passing === undefined) return false;
    this.#inHand.delete(id);
    this.#returned.push(passing);
    return true;
  }

  /** Takes all out, the oldest first, also those in hand. */
  clear(): Passing[] {
    this.#cancel?.();
    this.#cancel = undefined;
    const all = [...this.all()];
    this.#inHand.clear();
    this.#returned = [];
    this.#waiting = [];
    for (const passing of all) this.#leave(passing);
    return all;
  }

  #give(passing: Passing | undefined): SealedBatch | undefined {
    if (passing !== undefined) this.#inHand.set(passing.batch.id, passing);
    return passing?.batch;
  }

  #leave({ batch }: Passing): void {
    this.#bytes -= batch.encoded.length;
    this.#kept.unreserve(batch.encoded.length);
  }

  #check(): void {
    this.#cancel = undefined;
    const latestMs = this.#clock.monotonicMs() - this.#stayMs;
    const overdue = this.#waiting.filter(({ sinceMs }) => sinceMs <= latestMs);
    this.#waiting = this.#waiting.filter(({ sinceMs }) => sinceMs > latestMs);
    for (const passing of overdue) this.#leave(passing);
    const [oldest] = this.#waiting;
    if (oldest !== undefined) {
      this.#cancel = this.#clock.after(Math.max(1, oldest.sinceMs - latestMs), () => this.#check());
    }
    if (overdue.length > 0) this.#onOverdue(overdue);
  }
}
