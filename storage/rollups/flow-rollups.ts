import type { Clock } from '../../src/runtime/clock.ts';
import { copyRows } from '../database/copy.ts';
import { readTuples } from '../database/copy-out.ts';
import type { DatabaseClient } from '../database/database.ts';
import type { FoldStep } from '../fold/fold-step.ts';
import { coarserSql } from './coarser-sql.ts';
import { coverBuckets } from './rollup-partitions.ts';
import { minuteRows, MOST_LISTED, ROLLUP_COLUMNS } from './sums/minute-rows.ts';
import { FLOW_COLUMNS, MinuteSums } from './sums/minute-sums.ts';

const MINUTE = 60_000_000;
const DAY = 86_400_000_000;
/** After the end of a bucket: its last minute is folded by then. */
const GRACE = 90_000_000;
const COARSER = [
  { table: 'flows_10m', width: 10 * MINUTE, sql: coarserSql('flows_10m', 'flows_1m', '10 minutes') },
  { table: 'flows_1h', width: 60 * MINUTE, sql: coarserSql('flows_1h', 'flows_10m', '1 hour') },
];

/**
 * Rollups of flows. Rows of a minute come out of the database as they are and are summed here, which costs a tenth of grouping them
 * there; ten minutes are made from minutes when they are over, and hours from those.
 *
 *   minute's rows ──summed──▶ flows_1m ──over, due──▶ flows_10m ──over, due──▶ flows_1h
 *        ▲ late rows: again            └── late minute: due again ──┘
 *
 * A minute whose partition of `flows` is gone is left alone: its rollup is what remains of it.
 */
export class FlowRollups implements FoldStep {
  readonly name = 'flow rollups';
  readonly tables: readonly string[] = ['flows'];
  readonly #top: number;
  readonly #keepMinuteMicros: number;
  readonly #clock: Pick<Clock, 'nowMicros'>;
  readonly #sums: MinuteSums;

  /**
   * @param top conversations, hosts and applications that are kept for each exporter and bucket
   * @param keepMinuteMicros how long minutes are kept: older ones are struck off, since the hour of theirs could not be made anew
   * @param mostKeys of a dimension at a time, while a minute is summed
   */
  constructor(top: number, keepMinuteMicros: number, clock: Pick<Clock, 'nowMicros'>, mostKeys?: number) {
    this.#top = top;
    this.#keepMinuteMicros = keepMinuteMicros;
    this.#clock = clock;
    this.#sums = new MinuteSums(mostKeys);
  }

  /** From the next minute on all is rolled up, whether there are flows or not. @throws what the database says */
  async begin(client: DatabaseClient): Promise<void> {
    await client.query(
      `INSERT INTO rollup_stretches (since)
       SELECT date_trunc('minute', greatest($1::timestamptz, (SELECT max(latest) FROM batches WHERE folded AND table_name = 'flows')))
         + interval '1 minute'
       WHERE NOT EXISTS (SELECT FROM rollup_stretches WHERE until IS NULL)
       ON CONFLICT (since) DO UPDATE SET until = NULL`,
      [isoOf(this.#clock.nowMicros())],
    );
  }

  /** @throws what the database says */
  prepare(client: DatabaseClient, minutes: readonly number[]): Promise<void> {
    return coverBuckets(
      client,
      minutes.filter((minute) => this.#isKept(minute)),
    );
  }

  /** @throws what the database says */
  async apply(client: DatabaseClient, _table: string, minutes: readonly number[]): Promise<void> {
    const old = minutes.filter((minute) => !this.#isKept(minute));
    if (old.length > 0) await strikeOff(client, old);
    for (const minute of minutes) if (this.#isKept(minute)) await this.#remake(client, minute);
  }

  /** Ten minutes, then hours: each in a transaction of its own. @throws what the database says */
  async finish(client: DatabaseClient, signal: AbortSignal): Promise<void> {
    for (const { table, width, sql } of COARSER) {
      const over = isoOf(this.#clock.nowMicros() - width - GRACE);
      const { rows } = await client.query<{ micros: string }>(
        `SELECT trunc(extract(epoch FROM bucket) * 1000000) AS micros FROM rollup_due WHERE rollup = $1 AND bucket <= $2 ORDER BY bucket`,
        [table, over],
      );
      for (const { micros } of rows) {
        if (signal.aborted) return;
        await this.#remakeCoarser(client, table, sql, Number(micros));
      }
    }
  }

  #isKept(minute: number): boolean {
    // A day more than the hour needs: partitions of minutes are dropped by the day.
    return minute >= this.#clock.nowMicros() - this.#keepMinuteMicros + DAY;
  }

  async #remake(client: DatabaseClient, minute: number): Promise<void> {
    const source = await sourceOf(client, minute);
    if (source === undefined) return;
    const sums = this.#sums;
    sums.clear();
    const range = `received_at >= '${isoOf(minute)}' AND received_at < '${isoOf(minute + MINUTE)}'`;
    await readTuples(
      client,
      `COPY (SELECT ${FLOW_COLUMNS} FROM flows WHERE ${range}) TO STDOUT (FORMAT binary)`,
      sums.add,
    );
    sums.finish();
    await client.query('DELETE FROM flows_1m WHERE bucket = $1', [isoOf(minute)]);
    const rows = minuteRows(sums, minute, this.#top);
    if (rows.length > 0) await copyRows(client, `COPY flows_1m (${ROLLUP_COLUMNS}) FROM STDIN (FORMAT binary)`, rows);
    await client.query(
      `INSERT INTO rollup_minutes (minute, source) VALUES ($1, $2) ON CONFLICT (minute) DO UPDATE SET source = excluded.source`,
      [isoOf(minute), source],
    );
    for (const { table, width } of COARSER)
      await client.query('INSERT INTO rollup_due (rollup, bucket) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        table,
        isoOf(Math.floor(minute / width) * width),
      ]);
  }

  async #remakeCoarser(client: DatabaseClient, table: string, sql: string, bucket: number): Promise<void> {
    const at = isoOf(bucket);
    await client.query('BEGIN');
    try {
      // What is grouped on the disk costs several times as much.
      await client.query(`SET LOCAL work_mem = '128MB'; SET LOCAL jit = off`);
      await client.query('DELETE FROM rollup_due WHERE rollup = $1 AND bucket = $2', [table, at]);
      await client.query(`DELETE FROM ${table} WHERE bucket = $1`, [at]);
      await client.query(sql, [at, this.#top, MOST_LISTED]);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch(() => {});
      throw error;
    }
  }
}

/** In the place of rollups where they are switched off: minutes that get flows now are no longer rolled up as a whole. */
export class NoRollups implements FoldStep {
  readonly name = 'no flow rollups';
  readonly tables: readonly string[] = ['flows'];

  /** @throws what the database says */
  async begin(client: DatabaseClient): Promise<void> {
    await client.query(`UPDATE rollup_stretches SET until = greatest(since, date_trunc('minute', now()) - interval '1 minute')
      WHERE until IS NULL`);
  }

  /** @throws what the database says */
  apply(client: DatabaseClient, _table: string, minutes: readonly number[]): Promise<void> {
    return strikeOff(client, minutes);
  }
}

/** These minutes are answered from flows, and buckets with them, too. */
async function strikeOff(client: DatabaseClient, minutes: readonly number[]): Promise<void> {
  const times = minutes.map(isoOf);
  await client.query('DELETE FROM rollup_minutes WHERE minute = ANY($1::timestamptz[])', [times]);
  await client.query(
    `UPDATE rollup_stretches SET until = greatest(since, (SELECT min(minute) FROM unnest($1::timestamptz[]) AS minute WHERE minute >= since))
     WHERE EXISTS (SELECT FROM unnest($1::timestamptz[]) AS minute WHERE minute >= since AND (until IS NULL OR minute < until))`,
    [times],
  );
}

/** The partition of `flows` that a minute is in; undefined where its rollup was made from another one, which is gone. */
async function sourceOf(client: DatabaseClient, minute: number): Promise<number | undefined> {
  const { rows } = await client.query<{ now: number | null; before: number | null }>(
    `SELECT (SELECT tableoid FROM flows WHERE received_at >= $1 AND received_at < $2 LIMIT 1) AS now,
      (SELECT source FROM rollup_minutes WHERE minute = $1) AS before`,
    [isoOf(minute), isoOf(minute + MINUTE)],
  );
  const { now, before } = rows[0] ?? {};
  if (now === null || now === undefined) return undefined;
  return before === null || before === undefined || before === now ? now : undefined;
}

function isoOf(micros: number): string {
  return new Date(micros / 1000).toISOString();
}
