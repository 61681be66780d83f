import { COUNTED, EXPORTER, SCALED_BYTES, SCALED_PACKETS, type SumTable } from './sum-table.ts';

/** The most bytes, packets and flows of one key. */
export type Most = [number, number, number];

/** What a sum is at the most, as a number: those above 2^53 are rounded, so a little is added. */
function atMost(weight: number): number {
  return weight <= Number.MAX_SAFE_INTEGER ? weight : weight * (1 + 2 ** -51);
}

/** Raises `most` to what an entry has. */
export function raise(most: Most, table: SumTable, entry: number): void {
  most[0] = Math.max(most[0], atMost(table.weight(entry, SCALED_BYTES)));
  most[1] = Math.max(most[1], atMost(table.weight(entry, SCALED_PACKETS)));
  most[2] = Math.max(most[2], atMost(table.weight(entry, COUNTED)));
}

/** What becomes of keys while a table is pruned. */
export interface PruneHandlers {
  /** The second part of the key of an entry that is kept, in the new table. */
  second(this: void, part: number, entry: number): number;
  third(this: void, part: number, entry: number): number;
  /** An entry is not in the new table. */
  onEvicted(this: void, entry: number): void;
}

/**
 * Puts the heavier entries of a full table, at most `keep` of them, into `kept`, which is empty; all others are added to `evicted` by
 * exporter, and `pruned` grows by the largest of each exporter.
 */
export function pruneTable(
  table: SumTable,
  kept: SumTable,
  keep: number,
  evicted: SumTable,
  pruned: Map<number, Most>,
  { second, third, onEvicted }: PruneHandlers,
): void {
  const weights = new Float64Array(table.size);
  for (let entry = 0; entry < table.size; entry += 1) weights[entry] = table.weight(entry, SCALED_BYTES);
  const threshold = weights.toSorted()[Math.max(0, table.size - keep - 1)] ?? 0;
  const round = new Map<number, Most>();
  for (let entry = 0; entry < table.size; entry += 1) {
    const first = table.key(entry, 0);
    if ((weights[entry] ?? 0) > threshold) {
      const key = kept.entryOf(first, second(table.key(entry, 1), entry), third(table.key(entry, 2), entry));
      kept.addEntry(key, table, entry);
      continue;
    }
    const exporter = first & EXPORTER;
    onEvicted(entry);
    evicted.addEntry(evicted.entryOf(exporter, 0, 0), table, entry);
    const most = round.get(exporter) ?? [0, 0, 0];
    raise(most, table, entry);
    round.set(exporter, most);
  }
  for (const [exporter, most] of round) {
    const before = pruned.get(exporter) ?? [0, 0, 0];
    pruned.set(exporter, [before[0] + most[0], before[1] + most[1], before[2] + most[2]]);
  }
}
