import type { SizedPartition } from './partition-sizes.ts';

/** The most that tables may take, in bytes; what has none is not bounded. */
export interface SizeLimits {
  readonly tables: Readonly<Record<string, number>>;
  /** All large tables together. */
  readonly total?: number;
}

/** A partition that has to go, and why, in words. */
export interface Surplus {
  readonly partition: SizedPartition;
  readonly why: string;
}

/**
 * The partitions to drop so that every table, and all together, fit their limits: oldest first. Never one whose time has not
 * ended, and never the newest one of a table that has rows: a limit that is too small for a day keeps that day.
 * @param now microseconds since the Unix epoch
 */
export function surplusPartitions(partitions: readonly SizedPartition[], limits: SizeLimits, now: number): Surplus[] {
  const surplus: Surplus[] = [];
  const gone = new Set<SizedPartition>();
  const drop = (candidates: readonly SizedPartition[], limit: number, why: string): void => {
    let bytes = sumOf(candidates.filter((each) => !gone.has(each)));
    for (const partition of candidates.toSorted((a, b) => a.upper - b.upper)) {
      if (bytes <= limit) return;
      if (gone.has(partition) || !mayGo(partition, partitions, now)) continue;
      gone.add(partition);
      surplus.push({ partition, why });
      bytes -= partition.bytes;
    }
  };
  for (const [table, limit] of Object.entries(limits.tables)) {
    const own = partitions.filter((each) => each.table === table);
    drop(own, limit, `${table} takes ${sumOf(own)} bytes of the ${limit} that it may`);
  }
  if (limits.total !== undefined) {
    drop(partitions, limits.total, `all tables take ${sumOf(partitions)} bytes of the ${limits.total} that they may`);
  }
  return surplus;
}

/** Empty ones go by age: they take a few pages each. */
function mayGo(partition: SizedPartition, all: readonly SizedPartition[], now: number): boolean {
  if (partition.upper > now || partition.isEmpty) return false;
  const newest = all
    .filter(({ table, isEmpty }) => table === partition.table && !isEmpty)
    .reduce((latest, { upper }) => Math.max(latest, upper), -Infinity);
  return partition.upper < newest;
}

function sumOf(partitions: readonly SizedPartition[]): number {
  return partitions.reduce((sum, { bytes }) => sum + bytes, 0);
}
