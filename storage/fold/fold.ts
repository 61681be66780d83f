import type { Clock } from '../../src/runtime/clock.ts';
import type { Log } from '../../src/runtime/log.ts';
import {
  connect,
  type DatabaseAddress,
  type DatabaseClient,
  describeDatabaseError,
  disconnect,
  quoteIdentifier,
  sqlStateOf,
} from '../database/database.ts';
import type { FoldStep } from './fold-step.ts';

const EVERY_MS = 5000;
const MINUTE = 60_000_000;
const BATCHES_A_ROUND = 500;
const MINUTES_A_TRANSACTION = 10;
/** After the end of a minute: batches that are on their way. */
const GRACE_MICROS = 10_000_000;
const RETRY_MICROS = 600_000_000;
/** Of failing minutes: the others are counted. */
const LINES_A_RUN = 5;

export interface FoldStatus {
  /** From the oldest batch that is due and not folded, as of the last run; 0: none. */
  readonly behindSeconds: number;
  readonly lastRunMs: number;
  readonly minutesRecomputed: number;
  /** Batches that a failing step keeps back, to be tried again. */
  readonly batchesPutOff: number;
}

interface DueBatch {
  readonly id: string;
  readonly earliest: string | null;
  readonly latest: string | null;
}

interface TakenBatch {
  readonly id: string;
  readonly minutes: readonly number[];
}

/**
 * Keeps what is derived from rows abreast of new batches. A minute is always made anew from all of its rows, in the transaction that
 * marks the batches: whatever is interrupted has not happened.
 *
 *   not folded ──its minutes are over──▶ due ──all steps──▶ folded
 *                                        │ ▲
 *                               a step fails │ after 10 min
 *                                        ▼ │
 *                                      put off
 */
export class Fold {
  readonly name = 'fold';
  readonly everyMs = EVERY_MS;
  readonly #address: DatabaseAddress;
  readonly #steps: readonly FoldStep[];
  readonly #clock: Clock;
  readonly #log: Log;
  /** Until when, by the id of a batch. */
  readonly #putOff = new Map<string, number>();
  /** Minutes that failed in this run. */
  readonly #bad = new Set<number>();
  #failures = 0;
  /** The minute up to which nothing is left, as long as no late batch comes. */
  #doneUpTo = -1;
  #status: Omit<FoldStatus, 'batchesPutOff'> = { behindSeconds: 0, lastRunMs: 0, minutesRecomputed: 0 };

  constructor(address: DatabaseAddress, steps: readonly FoldStep[], clock: Clock, log: Log) {
    this.#address = { ...address, applicationName: 'dogwatch fold' };
    this.#steps = steps;
    this.#clock = clock;
    this.#log = log;
  }

  get status(): FoldStatus {
    return { ...this.#status, batchesPutOff: this.#putOff.size };
  }

  /** Connects where a minute is over since it last found nothing to do. @throws what the database says */
  async run(signal: AbortSignal): Promise<void> {
    const started = this.#clock.nowMicros();
    for (const [id, until] of this.#putOff) if (until <= started) this.#putOff.delete(id);
    const minute = Math.floor((started - GRACE_MICROS) / MINUTE);
    if (minute === this.#doneUpTo) return;
    const client = await connect(this.#address);
    const abandon = (): void => void disconnect(client);
    signal.addEventListener('abort', abandon, { once: true });
    try {
      await this.#foldAll(client, signal);
      const behindSeconds = await this.#behind(client);
      const lastRunMs = (this.#clock.nowMicros() - started) / 1000;
      this.#status = { ...this.#status, behindSeconds, lastRunMs };
      if (!signal.aborted) this.#doneUpTo = minute;
    } finally {
      signal.removeEventListener('abort', abandon);
      await disconnect(client);
    }
  }

  async #foldAll(client: DatabaseClient, signal: AbortSignal): Promise<void> {
    this.#failures = 0;
    this.#bad.clear();
    await client.query('SET max_parallel_workers_per_gather = 0; SET jit = off');
    for (const step of this.#steps) await step.begin?.(client);
    for (const table of await waitingTables(client)) {
      while (!signal.aborted && (await this.#round(client, table)));
    }
    for (const step of this.#steps) if (!signal.aborted) await step.finish?.(client, signal);
    const failures = this.#failures - LINES_A_RUN;
    if (failures > 0) this.#log.error({ minutes: failures }, 'more minutes cannot be folded');
  }

  /**
   * Some batches, in transactions of a few minutes each; a batch is marked in that of its last minute.
   * @returns whether there may be more
   */
  async #round(client: DatabaseClient, table: string): Promise<boolean> {
    const steps = this.#steps.filter(({ tables }) => tables.includes(table));
    const taken = await this.#take(client, table, steps);
    const minutes = [...new Set(taken.flatMap((batch) => batch.minutes))].toSorted((a, b) => a - b);
    for (let at = 0; at === 0 || at < minutes.length; at += MINUTES_A_TRANSACTION) {
      const some = minutes.slice(at, at + MINUTES_A_TRANSACTION);
      for (const step of steps) if (some.length > 0) await step.prepare?.(client, some);
      const last = some.at(-1) ?? -1;
      const isEnd = at + MINUTES_A_TRANSACTION >= minutes.length;
      const before = minutes[at - 1] ?? -1;
      const done = taken.filter((batch) => {
        const end = Math.max(-1, ...batch.minutes);
        return isEnd ? end > before || end === -1 : end > before && end <= last;
      });
      await this.#foldMinutes(client, table, steps, some, done);
    }
    return taken.length > 0;
  }

  /** The oldest batches that are due, with the minutes that they touch: a few of these, or one batch with many. */
  async #take(client: DatabaseClient, table: string, steps: readonly FoldStep[]): Promise<TakenBatch[]> {
    const minutes = new Set<number>();
    const taken: TakenBatch[] = [];
    for (const batch of await this.#due(client, table)) {
      const touched = steps.length === 0 ? [] : await minutesOf(client, table, batch);
      const more = touched.filter((minute) => !minutes.has(minute)).length;
      if (taken.length > 0 && minutes.size + more > MINUTES_A_TRANSACTION) break;
      for (const minute of touched) minutes.add(minute);
      taken.push({ id: batch.id, minutes: touched });
    }
    return taken;
  }

  async #foldMinutes(
    client: DatabaseClient,
    table: string,
    steps: readonly FoldStep[],
    minutes: readonly number[],
    batches: readonly TakenBatch[],
  ): Promise<void> {
    await client.query('BEGIN');
    try {
      await client.query(`SELECT pg_advisory_xact_lock(hashtext('dogwatch fold'), hashtext($1))`, [table]);
      for (const bad of await this.#apply(client, table, steps, minutes)) this.#bad.add(bad);
      const done = batches.filter((batch) => !batch.minutes.some((minute) => this.#bad.has(minute)));
      const ids = done.map(({ id }) => id);
      if (ids.length > 0) await client.query('UPDATE batches SET folded = true WHERE id = ANY($1::uuid[])', [ids]);
      await client.query('COMMIT');
      const until = this.#clock.nowMicros() + RETRY_MICROS;
      for (const batch of batches) if (!done.includes(batch)) this.#putOff.set(batch.id, until);
      const minutesRecomputed = this.#status.minutesRecomputed + minutes.filter((each) => !this.#bad.has(each)).length;
      this.#status = { ...this.#status, minutesRecomputed };
    } catch (error) {
      await client.query('ROLLBACK').catch(() => {});
      throw error;
    }
  }

  /** All minutes together; if that fails, one by one. @returns those that failed */
  async #apply(
    client: DatabaseClient,
    table: string,
    steps: readonly FoldStep[],
    minutes: readonly number[],
  ): Promise<Set<number>> {
    const failed = new Set<number>();
    if (minutes.length === 0) return failed;
    try {
      await client.query('SAVEPOINT minutes');
      for (const step of steps) await step.apply(client, table, minutes);
      await client.query('RELEASE minutes');
    } catch (error) {
      // Without a code it is the connection, and with class 57 an operator or a timeout: not the minute's fault.
      const code = sqlStateOf(error);
      if (code === undefined || code.startsWith('57')) throw error;
      await client.query('ROLLBACK TO minutes; RELEASE minutes');
      const [first] = minutes;
      if (minutes.length === 1 && first !== undefined) {
        const at = new Date(first / 1000).toISOString();
        this.#failures += 1;
        if (this.#failures <= LINES_A_RUN)
          this.#log.error({ table, minute: at, error: describeDatabaseError(error) }, 'a minute cannot be folded');
        return failed.add(first);
      }
      for (const minute of minutes)
        for (const bad of await this.#apply(client, table, steps, [minute])) failed.add(bad);
    }
    return failed;
  }

  async #due(client: DatabaseClient, table: string): Promise<DueBatch[]> {
    const { rows } = await client.query<DueBatch>(
      `SELECT id, trunc(extract(epoch FROM earliest) * 1000000) AS earliest, trunc(extract(epoch FROM latest) * 1000000) AS latest
       FROM batches
       WHERE NOT folded AND table_name = $1 AND id <> ALL($3::uuid[])
         AND (latest IS NULL OR latest < date_trunc('minute', least($2::timestamptz, clock_timestamp() - interval '10 seconds')))
       ORDER BY latest LIMIT ${BATCHES_A_ROUND}`,
      [table, this.#overAt(), [...this.#putOff.keys()]],
    );
    return rows;
  }

  async #behind(client: DatabaseClient): Promise<number> {
    const { rows } = await client.query<{ seconds: number | null }>(
      `SELECT extract(epoch FROM $1::timestamptz - min(latest))::float8 AS seconds FROM batches
       WHERE NOT folded AND latest < date_trunc('minute', $1::timestamptz)`,
      [this.#overAt()],
    );
    return rows[0]?.seconds ?? 0;
  }

  #overAt(): string {
    return new Date((this.#clock.nowMicros() - GRACE_MICROS) / 1000).toISOString();
  }
}

async function waitingTables(client: DatabaseClient): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT DISTINCT table_name AS name FROM batches WHERE NOT folded ORDER BY 1',
  );
  return rows.map(({ name }) => name);
}

/** Of a batch that spans more than two minutes: those of them in which the table has rows. */
async function minutesOf(client: DatabaseClient, table: string, { earliest, latest }: DueBatch): Promise<number[]> {
  if (earliest === null || latest === null) return [];
  const [first, last] = [earliest, latest].map((micros) => Math.floor(Number(micros) / MINUTE) * MINUTE);
  if (first === undefined || last === undefined) return [];
  if (last - first <= MINUTE) return first === last ? [first] : [first, last];
  const { rows } = await client.query<{ minute: string }>(
    `SELECT DISTINCT extract(epoch FROM date_trunc('minute', received_at)) * 1000000 AS minute FROM ${quoteIdentifier(table)}
     WHERE received_at >= $1 AND received_at < $2`,
    [first, last + MINUTE].map((micros) => new Date(micros / 1000).toISOString()),
  );
  return rows.map(({ minute }) => Number(minute));
}
