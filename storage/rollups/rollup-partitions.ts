import { type DatabaseClient, quoteIdentifier, quoteLiteral } from '../database/database.ts';
import { dropPartition, isCovered, listPartitions } from '../database/partitions.ts';

const DAY = 86_400_000_000;

/** Rollups by table, and the time span of their partitions. */
const ROLLUP_LEVELS = [
  { table: 'flows_1m', unit: 'day' },
  { table: 'flows_10m', unit: 'month' },
  { table: 'flows_1h', unit: 'month' },
] as const;

/**
 * Makes the partitions that are missing for these times (microseconds since the Unix epoch), each in a moment of its own.
 * @throws what the database says
 */
export async function coverBuckets(client: DatabaseClient, times: readonly number[]): Promise<void> {
  for (const { table, unit } of ROLLUP_LEVELS) {
    const partitions = await listPartitions(client, table);
    for (const time of times) {
      if (isCovered(partitions, time)) continue;
      const partition = partitionFor(table, unit, time);
      await attach(client, table, partition);
      partitions.push({ ...partition, detaching: false });
    }
  }
}

/** Days for which each level is kept. */
export interface RollupRetention {
  readonly minute: number;
  readonly tenMinutes: number;
  readonly hour: number;
}

/**
 * Drops the partitions of rollups that are over age.
 * @param nowMicros microseconds since the Unix epoch
 * @returns the names of what was dropped
 */
export async function expireRollups(
  client: DatabaseClient,
  keepDays: RollupRetention,
  nowMicros: number,
): Promise<string[]> {
  const days = { flows_1m: keepDays.minute, flows_10m: keepDays.tenMinutes, flows_1h: keepDays.hour };
  const dropped: string[] = [];
  for (const [table, keep] of Object.entries(days)) {
    for (const partition of await listPartitions(client, table)) {
      if (partition.upper > nowMicros - keep * DAY && !partition.detaching) continue;
      await dropPartition(client, table, partition);
      dropped.push(partition.name);
    }
  }
  const longest = Math.max(keepDays.minute, keepDays.tenMinutes, keepDays.hour);
  const oldest = new Date(Math.max(0, (nowMicros - longest * DAY) / 1000)).toISOString();
  await client.query('DELETE FROM rollup_minutes WHERE minute < $1', [oldest]);
  await client.query('DELETE FROM rollup_stretches WHERE until < $1', [oldest]);
  return dropped;
}

interface NewPartition {
  readonly name: string;
  readonly lower: number;
  readonly upper: number;
}

function partitionFor(table: string, unit: 'day' | 'month', micros: number): NewPartition {
  const date = new Date(micros / 1000);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const lower = Date.UTC(year, month, unit === 'day' ? day : 1);
  const upper = unit === 'day' ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1);
  const stamp = new Date(lower)
    .toISOString()
    .slice(0, unit === 'day' ? 10 : 7)
    .replaceAll('-', '');
  return { name: `${table}_${stamp}`, lower: lower * 1000, upper: upper * 1000 };
}

// One transaction, as several statements in one string are. Made beside the table and then attached, which locks out neither readers nor writers.
async function attach(client: DatabaseClient, table: string, { name, lower, upper }: NewPartition): Promise<void> {
  const [parent, child] = [quoteIdentifier(table), quoteIdentifier(name)];
  const [from, to] = [lower, upper].map((micros) => quoteLiteral(new Date(micros / 1000).toISOString()));
  await client.query(`
    SELECT pg_advisory_xact_lock(hashtext('dogwatch partitions'), hashtext(${quoteLiteral(table)}));
    CREATE TABLE IF NOT EXISTS ${child} (LIKE ${parent} INCLUDING ALL EXCLUDING COMMENTS);
    DO $$ BEGIN
      IF NOT (SELECT relispartition FROM pg_class WHERE oid = '${name}'::regclass) THEN
        ALTER TABLE ${parent} ATTACH PARTITION ${child} FOR VALUES FROM (${from}) TO (${to});
      END IF;
    END $$`);
}
