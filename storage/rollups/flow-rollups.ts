import type { Clock } from '../../src/runtime/clock.ts';
import { type DatabaseClient, quoteIdentifier, quoteLiteral } from '../database/database.ts';
import { dropPartition, listPartitions } from '../database/partitions.ts';
import type { FoldStep } from '../fold/fold-step.ts';
import { coarserSql, minuteSql } from './rollup-sql.ts';

const MINUTE = 60_000_000;
const DAY = 86_400_000_000;

interface Level {
  readonly table: string;
  readonly width: number;
  readonly unit: 'day' | 'month';
  readonly sql: string;
}

const LEVELS: readonly Level[] = [
  { table: 'flows_1m', width: MINUTE, unit: 'day', sql: minuteSql() },
  { table: 'flows_10m', width: 10 * MINUTE, unit: 'month', sql: coarserSql('flows_10m', '10 minutes') },
  { table: 'flows_1h', width: 60 * MINUTE, unit: 'month', sql: coarserSql('flows_1h', '1 hour') },
];

/**
 * Rollups of flows: minutes from the rows, ten minutes and hours from the minutes. A minute that has fewer rows than its rollup counted
 * is left alone: rows of it were dropped, and the rollup is what remains of them.
 */
export class FlowRollups implements FoldStep {
  readonly name = 'flow rollups';
  readonly tables: readonly string[] = ['flows'];
  readonly #top: number;
  readonly #keepMinuteMicros: number;
  readonly #clock: Pick<Clock, 'nowMicros'>;

  /**
   * @param top conversations and hosts that are kept for each exporter and bucket
   * @param keepMinuteMicros how long minutes are kept: older ones are left alone, since the hour of theirs could not be made anew
   */
  constructor(top: number, keepMinuteMicros: number, clock: Pick<Clock, 'nowMicros'>) {
    this.#top = top;
    this.#keepMinuteMicros = keepMinuteMicros;
    this.#clock = clock;
  }

  /** @throws what the database says */
  async apply(client: DatabaseClient, _table: string, minutes: readonly number[]): Promise<void> {
    // What is grouped on the disk costs several times as much.
    await client.query(`SET LOCAL work_mem = '256MB'; SET LOCAL jit = off`);
    const whole: number[] = [];
    // A day more than the hour needs: partitions of minutes are dropped by the day.
    const oldest = this.#clock.nowMicros() - this.#keepMinuteMicros + DAY;
    for (const minute of minutes) if (minute >= oldest && (await isWhole(client, minute))) whole.push(minute);
    for (const level of LEVELS) {
      const buckets = new Set(whole.map((minute) => Math.floor(minute / level.width) * level.width));
      for (const bucket of buckets) await this.#remake(client, level, bucket);
    }
  }

  async #remake(client: DatabaseClient, { table, unit, sql }: Level, bucket: number): Promise<void> {
    const at = isoOf(bucket);
    await coverBucket(client, table, unit, bucket);
    await client.query(`DELETE FROM ${table} WHERE bucket = $1`, [at]);
    await client.query(sql, [at, this.#top]);
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
  return dropped;
}

async function isWhole(client: DatabaseClient, minute: number): Promise<boolean> {
  const { rows } = await client.query<{ whole: boolean }>(
    `SELECT (SELECT count(*) FROM flows WHERE received_at >= $1 AND received_at < $1::timestamptz + interval '1 minute')
      >= coalesce((SELECT sum(flows) FROM flows_1m WHERE bucket = $1 AND dimension = 'total'), 0) AS whole`,
    [isoOf(minute)],
  );
  return rows[0]?.whole === true;
}

async function coverBucket(client: DatabaseClient, table: string, unit: Level['unit'], bucket: number): Promise<void> {
  const date = new Date(bucket / 1000);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const lower = new Date(Date.UTC(year, month, unit === 'day' ? day : 1)).toISOString();
  const upper = new Date(unit === 'day' ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1)).toISOString();
  const name = `${table}_${lower.slice(0, unit === 'day' ? 10 : 7).replaceAll('-', '')}`;
  const there = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [name]);
  if (there.rows[0]?.there === true) return;
  await client.query(
    `CREATE TABLE ${quoteIdentifier(name)} PARTITION OF ${table} FOR VALUES FROM (${quoteLiteral(lower)}) TO (${quoteLiteral(upper)})`,
  );
}

function isoOf(micros: number): string {
  return new Date(micros / 1000).toISOString();
}
