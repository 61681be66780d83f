import type { Clock } from '../../src/runtime/clock.ts';
import type { DatabaseClient } from './database.ts';
import {
  coverTimes,
  dropPartition,
  listPartitions,
  partitionedTables,
  type PartitionUnit,
  partitionUnitOf,
  UNIT_MICROS,
} from './partitions.ts';
import { type SizedPartition, sizedPartitions } from './space/partition-sizes.ts';
import { type SizeLimits, surplusPartitions } from './space/size-limits.ts';
import { sqlFile } from './sql.ts';
import { uuidV7 } from '../batch/uuid.ts';

export interface RetentionOptions {
  readonly partitionBy: PartitionUnit;
  /** How long rows are kept. */
  readonly keepDays: number;
  /** The same for single tables. */
  readonly keepDaysOf?: Readonly<Record<string, number>>;
  /** The most that tables may take, whatever their age; none where it is not given. */
  readonly maxBytes?: SizeLimits;
  /** How long the ledger remembers a batch; longer than a batch may wait in a journal. */
  readonly keepLedgerDays: number;
}

interface DroppedForSize {
  readonly table: string;
  readonly partition: string;
  readonly bytes: number;
  /** As the planner last saw them; undefined where it never looked. */
  readonly rows: number | undefined;
  readonly why: string;
}

/** The tables that are kept by age and size; whoever adds others looks after them. */
export const LARGE_TABLES: readonly string[] = ['counter_samples', 'flows', 'snmp_traps', 'syslog_messages'];

/** What one run did. */
export interface RetentionReport {
  /** Over age. */
  readonly droppedPartitions: string[];
  /** For want of room, with what each took. */
  readonly droppedForSize: readonly DroppedForSize[];
  readonly expiredBatches: number;
  readonly expiredRejectedRows: number;
  /** Our clock less the database's, milliseconds: only where they are so far apart that nothing was dropped. */
  readonly clockAheadMs?: number;
}

const DAY_MICROS = UNIT_MICROS.day;
const UNITS_AHEAD = 2;
// One of the two clocks is wrong then, and nobody knows which.
const MAX_CLOCK_DIFFERENCE_MS = 3_600_000;
const EXPIRE_BATCHES = sqlFile('expire-batches');
const EXPIRE_REJECTED_ROWS = sqlFile('expire-rejected-rows');

/**
 * Makes the partitions of now and of the next two units, drops those that are over age or over size, and lets the ledger and rejected
 * rows expire. Only one process does so at a time; a second one makes partitions and leaves the rest.
 *
 * What is over age is so by our clock and by the database's: one that is wrongly ahead must not cost the rows of months. Where
 * the two are more than an hour apart, nothing is dropped.
 */
export async function applyRetention(
  client: DatabaseClient,
  options: RetentionOptions,
  clock: Clock,
): Promise<RetentionReport> {
  const now = clock.nowMicros();
  const tables = (await partitionedTables(client)).filter((table) => LARGE_TABLES.includes(table));
  for (const table of tables) {
    const unit = partitionUnitOf(table, options.partitionBy);
    const ahead = Array.from({ length: UNITS_AHEAD + 1 }, (_, units) => now + units * UNIT_MICROS[unit]);
    await coverTimes(client, table, ahead, unit);
  }

  const nothing = { droppedPartitions: [], droppedForSize: [], expiredBatches: 0, expiredRejectedRows: 0 };
  const theirs = await databaseMicros(client);
  const clockAheadMs = Math.round((clock.nowMicros() - theirs) / 1000);
  if (Math.abs(clockAheadMs) > MAX_CLOCK_DIFFERENCE_MS) return { ...nothing, clockAheadMs };
  const lock = await client.query<{ taken: boolean }>(
    `SELECT pg_try_advisory_lock(hashtext('dogwatch retention')) AS taken`,
  );
  if (lock.rows[0]?.taken !== true) return nothing;
  try {
    return await dropOverAge(client, options, tables, Math.min(now, theirs));
  } finally {
    await client.query(`SELECT pg_advisory_unlock(hashtext('dogwatch retention'))`).catch(() => {});
  }
}

async function dropOverAge(
  client: DatabaseClient,
  options: RetentionOptions,
  tables: readonly string[],
  now: number,
): Promise<RetentionReport> {
  const droppedPartitions: string[] = [];
  for (const table of tables) {
    const keepDays = options.keepDaysOf?.[table] ?? options.keepDays;
    droppedPartitions.push(...(await dropExpired(client, table, now - keepDays * DAY_MICROS)));
  }
  const droppedForSize = await dropSurplus(client, options.maxBytes, tables, now);
  const cutoff = now - options.keepLedgerDays * DAY_MICROS;
  const parameters = [smallestUuidOf(cutoff), new Date(cutoff / 1000)];
  const expiredBatches = (await client.query(EXPIRE_BATCHES, parameters)).rowCount ?? 0;
  const expiredRejectedRows = (await client.query(EXPIRE_REJECTED_ROWS, parameters)).rowCount ?? 0;
  return { droppedPartitions, droppedForSize, expiredBatches, expiredRejectedRows };
}

async function dropExpired(client: DatabaseClient, table: string, cutoffMicros: number): Promise<string[]> {
  const dropped: string[] = [];
  for (const partition of await listPartitions(client, table)) {
    if (partition.upper > cutoffMicros && !partition.detaching) continue;
    await dropPartition(client, table, partition);
    dropped.push(partition.name);
  }
  return dropped;
}

async function dropSurplus(
  client: DatabaseClient,
  limits: SizeLimits | undefined,
  tables: readonly string[],
  now: number,
): Promise<DroppedForSize[]> {
  if (limits === undefined) return [];
  const partitions: SizedPartition[] = [];
  for (const table of tables) partitions.push(...(await sizedPartitions(client, table)));
  const dropped: DroppedForSize[] = [];
  for (const { partition, why } of surplusPartitions(partitions, limits, now)) {
    const { table, name, bytes, rows } = partition;
    await dropPartition(client, table, partition);
    dropped.push({ table, partition: name, bytes, rows, why });
  }
  return dropped;
}

function smallestUuidOf(micros: number): string {
  return `${uuidV7(micros).slice(0, 13)}-7000-8000-000000000000`;
}

async function databaseMicros(client: DatabaseClient): Promise<number> {
  const { rows } = await client.query<{ micros: string }>(
    `SELECT trunc(extract(epoch FROM clock_timestamp()) * 1000000) AS micros`,
  );
  return Number(rows[0]?.micros);
}
