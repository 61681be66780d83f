import type { FreeSpace } from '../bounds/free-space.ts';
import type { HandedOut } from '../giving/handed-out.ts';
import type { KeptBatches } from '../giving/kept-batches.ts';
import type { ReadMemory } from '../segments/read-memory.ts';
import type { Entry, Segment } from '../segments/segment.ts';
import { type SegmentStore, waitingRows } from '../segments/segment-store.ts';
import type { LossTeller } from './loss-teller.ts';

interface OldestSegmentsParts {
  readonly store: SegmentStore;
  readonly handedOut: HandedOut;
  readonly kept: KeptBatches;
  readonly freeSpace: FreeSpace;
  readonly readMemory: ReadMemory;
  readonly losses: LossTeller;
}

/** Makes room at the expense of what has waited longest, one segment at a time. */
export class OldestSegments {
  readonly #parts: OldestSegmentsParts;
  #isTelling = false;

  constructor(parts: OldestSegmentsParts) {
    this.#parts = parts;
  }

  /**
   * Drops the oldest segment that is not being written. Batches of it that the writer has in hand are not lost yet.
   * @returns whether there was one
   */
  drop(why: string): boolean {
    const { store, handedOut, kept, freeSpace, losses } = this.#parts;
    const [segment] = store.all;
    if (segment === undefined || segment === store.active) return false;
    const inHand = handedOut.dropSegment(segment);
    for (const [table, rows] of waitingRows(segment, inHand)) if (rows > 0) losses.count(table, rows, why);
    const tell = this.#tellerOf(segment, inHand, why);
    for (const entry of segment.entries ?? []) {
      if (inHand.has(entry)) continue;
      entry.done = true;
      kept.forget(entry);
    }
    freeSpace.bytes += segment.size;
    store.remove(segment, tell);
    return true;
  }

  /** Tells of the batches that are lost with a segment, one after the other, from the file that has no name any more. */
  #tellerOf(segment: Segment, inHand: Set<Entry>, why: string): (() => Promise<void>) | undefined {
    const { losses } = this.#parts;
    if (!losses.isHeard) return undefined;
    const left = new Set(Array.from(inHand, ({ id }) => id));
    const totals = waitingRows(segment, inHand);
    const waiting = segment.entries?.filter((entry) => !entry.done);
    const tellTotals = (): void => {
      for (const [table, rows] of totals) if (rows > 0) losses.tell({ table, rows, why });
    };
    // Its room is not free before it is read: one at a time.
    if (this.#isTelling) {
      tellTotals();
      return undefined;
    }
    this.#isTelling = true;
    return async () => {
      const entries = waiting ?? segment.entries?.filter((entry) => !entry.done);
      if (entries === undefined) tellTotals();
      for (const entry of entries ?? []) if (!left.has(entry.id)) await this.#tellEntry(entry, why);
      this.#isTelling = false;
    };
  }

  async #tellEntry(entry: Entry, why: string): Promise<void> {
    const { losses, readMemory } = this.#parts;
    const { table, rows } = entry;
    const batch = await entry.segment.read(entry, readMemory).catch(() => undefined);
    losses.tell({ table, rows, why, ...(batch === undefined ? {} : { batch }) });
    batch?.release();
  }
}
