import type { Entry, Segment } from '../segments/segment.ts';

/**
 * The batches that have left the order of the segments: those that the writer has in hand, and those that it gave back.
 *
 *   given ──▶ in hand ──acknowledged──▶ gone
 *     ▲          └── given back ──▶ returned
 *     └────────────────────────────────┘
 *
 * One that is in hand while its segment is dropped is an orphan: it is in memory only from then on. One whose segment was left
 * to somebody else does not come again.
 */
export class HandedOut {
  readonly #inHand = new Map<string, Entry>();
  readonly #orphans = new Set<Entry>();
  #returned: Entry[] = [];

  give(entry: Entry): void {
    this.#inHand.set(entry.id, entry);
  }

  /** The batch is done. @returns its entry; undefined when it was not in hand */
  acknowledge(id: string): Entry | undefined {
    const entry = this.#inHand.get(id);
    this.#inHand.delete(id);
    if (entry !== undefined) this.#orphans.delete(entry);
    return entry;
  }

  /** @returns the entry, where it does not come again */
  giveBack(id: string): Entry | undefined {
    const entry = this.#inHand.get(id);
    this.#inHand.delete(id);
    if (entry === undefined) return undefined;
    if (entry.segment.isGone && !this.#orphans.has(entry)) return entry;
    this.#returned.push(entry);
    return undefined;
  }

  /** Takes the one that was given back first. */
  takeReturned(): Entry | undefined {
    return this.#returned.shift();
  }

  /** Undoes taking an entry: it comes next. */
  putBack(entry: Entry): void {
    this.#returned.unshift(entry);
  }

  /** To be told that `segment` is dropped. @returns its entries in hand, which outlive it */
  dropSegment(segment: Segment): Set<Entry> {
    this.#returned = this.#returned.filter((entry) => entry.segment !== segment);
    const kept = new Set([...this.#inHand.values()].filter((entry) => entry.segment === segment));
    for (const entry of kept) this.#orphans.add(entry);
    return kept;
  }

  /** To be told that `segment` is left to somebody else. @returns its entries in hand */
  leaveSegment(segment: Segment): Set<Entry> {
    this.#returned = this.#returned.filter((entry) => entry.segment !== segment);
    return new Set([...this.#inHand.values()].filter((entry) => entry.segment === segment));
  }

  get orphans(): ReadonlySet<Entry> {
    return this.#orphans;
  }

  /** Forgets everything. @returns the orphans: nobody has them now */
  clear(): Entry[] {
    const orphans = [...this.#orphans];
    this.#orphans.clear();
    this.#inHand.clear();
    this.#returned = [];
    return orphans;
  }

  /** Since when the oldest waits, by the monotonic clock; Infinity when there is none. */
  oldestSinceMs(): number {
    let oldest = Infinity;
    for (const entry of this.#inHand.values()) oldest = Math.min(oldest, entry.sinceMs);
    for (const entry of this.#returned) oldest = Math.min(oldest, entry.sinceMs);
    return oldest;
  }
}
