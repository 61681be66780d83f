import { type DatabaseClient, quoteIdentifier, quoteLiteral } from './database.ts';
import { sqlFile } from './sql.ts';

export type PartitionUnit = 'hour' | 'day';

/** A partition; its bounds are microseconds since the Unix epoch, the upper one exclusive. */
export interface Partition {
  readonly name: string;
  readonly lower: number;
  readonly upper: number;
  /** A removal was begun and interrupted. */
  readonly detaching: boolean;
}

export const UNIT_MICROS: Record<PartitionUnit, number> = { hour: 3_600_000_000, day: 86_400_000_000 };

/**
 * Tables whose partitions have one size, whatever is configured. Messages get most of their indexes when their partition is
 * complete, so that an hour is what a search goes through without them (docs/syslog-search.md).
 */
const UNIT_OF: Readonly<Record<string, PartitionUnit>> = { syslog_messages: 'hour' };

const LIST_PARTITIONS = sqlFile('list-partitions');
const LIST_TABLES = sqlFile('list-partitioned-tables');

/** The time span of one partition of `table`, where that of the large tables is `configured`. */
export function partitionUnitOf(table: string, configured: PartitionUnit): PartitionUnit {
  return UNIT_OF[table] ?? configured;
}

/** Tables of the schema that are partitioned by time. */
export async function partitionedTables(client: DatabaseClient): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(LIST_TABLES);
  return rows.map((row) => row.name);
}

/** Partitions of `table`, oldest first. */
export async function listPartitions(client: DatabaseClient, table: string): Promise<Partition[]> {
  const { rows } = await client.query<{ name: string; lower: string; upper: string; detaching: boolean }>(
    LIST_PARTITIONS,
    [quoteIdentifier(table)],
  );
  return rows.map(({ name, lower, upper, detaching }) => {
    return { name, lower: microsOf(lower), upper: microsOf(upper), detaching };
  });
}

/**
 * Makes those partitions of `table` that are missing for `times` (microseconds since the Unix epoch). Several processes may
 * do so at once; rows go on being written meanwhile.
 *
 * There is no default partition: with one, making any other would scan it under a lock that stops all writing, and it could
 * not be removed while it fills. Instead whoever writes rows of a time makes the partition of that time first.
 *
 * @returns all partitions of the table
 */
export async function coverTimes(
  client: DatabaseClient,
  table: string,
  times: Iterable<number>,
  unit: PartitionUnit,
): Promise<Partition[]> {
  await client.query('BEGIN');
  try {
    await client.query(
      `SELECT pg_advisory_xact_lock(hashtext('dogwatch partitions'), hashtext(${quoteLiteral(table)}))`,
    );
    const partitions = await listPartitions(client, table);
    for (const micros of times) {
      if (isCovered(partitions, micros)) continue;
      const partition = missingPartition(table, partitions, micros, unit);
      await createPartition(client, table, partition);
      partitions.push(partition);
    }
    await client.query('COMMIT');
    return partitions;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

/** Takes `partition` out of its table without stopping anybody, and deletes it. */
export async function dropPartition(client: DatabaseClient, table: string, partition: Partition): Promise<void> {
  const name = quoteIdentifier(partition.name);
  const how = partition.detaching ? 'FINALIZE' : 'CONCURRENTLY';
  await client.query(`ALTER TABLE ${quoteIdentifier(table)} DETACH PARTITION ${name} ${how}`);
  await client.query(`DROP TABLE ${name}`);
}

export function isCovered(partitions: readonly Partition[], micros: number): boolean {
  return partitions.some(({ lower, upper }) => micros >= lower && micros < upper);
}

/** The partition for `micros`, cut where neighbours of another unit reach into it. */
export function missingPartition(
  table: string,
  partitions: readonly Partition[],
  micros: number,
  unit: PartitionUnit,
): Partition {
  const width = UNIT_MICROS[unit];
  let lower = Math.floor(micros / width) * width;
  let upper = lower + width;
  for (const other of partitions) {
    if (other.upper <= micros) lower = Math.max(lower, other.upper);
    if (other.lower > micros) upper = Math.min(upper, other.lower);
  }
  const isWholeDay = unit === 'day' && lower % UNIT_MICROS.day === 0;
  const stamp = new Date(lower / 1000).toISOString().replaceAll('-', '').replace('T', '_');
  return { name: `${table}_${stamp.slice(0, isWholeDay ? 8 : 11)}`, lower, upper, detaching: false };
}

// Made beside the table and then attached, which locks out neither readers nor writers (PostgreSQL manual, CREATE TABLE,
// "PARTITION OF", and ALTER TABLE, "ATTACH PARTITION").
async function createPartition(
  client: DatabaseClient,
  table: string,
  { name, lower, upper }: Partition,
): Promise<void> {
  const [parent, child] = [quoteIdentifier(table), quoteIdentifier(name)];
  const [from, to] = [lower, upper].map((micros) => quoteLiteral(new Date(micros / 1000).toISOString()));
  await client.query(`
    CREATE TABLE ${child} (LIKE ${parent} INCLUDING ALL EXCLUDING COMMENTS);
    ALTER TABLE ${parent} ATTACH PARTITION ${child} FOR VALUES FROM (${from}) TO (${to});
  `);
}

// "2026-11-22 17:00:00+00", since our sessions are in UTC.
function microsOf(text: string): number {
  return Date.parse(`${text.replace(' ', 'T').replace(/\+00$/, '')}Z`) * 1000;
}
