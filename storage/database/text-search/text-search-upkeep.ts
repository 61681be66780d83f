import type { Clock } from '../../../src/runtime/clock.ts';
import type { Component } from '../../../src/runtime/lifecycle.ts';
import type { Log } from '../../../src/runtime/log.ts';
import { connect, type DatabaseAddress, type DatabaseClient, describeDatabaseError, disconnect } from '../database.ts';
import { buildIndex, findTrigrams, searchPartitions } from './build-index.ts';
import {
  type IndexPlan,
  planIndexes,
  SEARCHED_TABLES,
  type SearchPartition,
  type Unindexed,
} from './search-indexes.ts';

export interface TextSearchOptions {
  /** A partition of more gets no index of its text. Default 8 GiB, about 20 million messages. */
  readonly maxTrigramBytes?: number;
  /** `maintenance_work_mem` of a build. Default 128MB. */
  readonly memory?: string;
  /** Asked before each build: something else needs the database more, in words; undefined where nothing does. */
  readonly holdBack?: () => string | undefined;
}

/** What can be said of the search for messages and traps; shown in the status. */
export interface TextSearchStatus {
  /** Partitions that are complete, and how many of them have all the indexes that they are to have. */
  readonly partitions: number;
  readonly indexed: number;
  /** The index that is being built. */
  readonly building: string | undefined;
  /** What is searched without an index of its text, and why; empty when all is as it should be. */
  readonly unindexed: readonly Unindexed[];
  /** Why building does not go on; undefined while it does. */
  readonly trouble: string | undefined;
}

const ROUND_MS = 60_000;
const AFTER_TROUBLE_MS = 10 * 60_000;
/** How long after its end a partition may still get the rows of batches under way. */
const GRACE_MICROS = 60_000_000;
const CANCEL_EVERY_MS = 200;

/**
 * Gives each partition of messages and traps its indexes when it is complete: its hour is over, and it has not grown since the last
 * round. One index at a time, on one connection, by one process of all that share the database.
 *
 *   waiting ──1 min──▶ looking ──something lacks──▶ building ──done──▶ looking
 *      ▲                  │                            │ └── stop(): cancelled; what is left is dropped by the next build
 *      │                  └── nothing lacks, another process builds, or the database has better to do
 *      └── trouble: again after 10 min
 */
export class TextSearchUpkeep implements Component {
  readonly name = 'text search upkeep';
  readonly #address: DatabaseAddress;
  readonly #options: TextSearchOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  /** Aborts the round that is going on. */
  #signal: AbortSignal = this.#stopping.signal;
  /** Sizes of the last round. */
  #sizes: ReadonlyMap<string, number> = new Map();
  #mayCreateTrigrams = true;
  #running: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;
  #backendPid: number | undefined;
  #restUntilMs = -Infinity;
  /** The trouble that the log has been told of. */
  #told: string | undefined;
  #status: TextSearchStatus = { partitions: 0, indexed: 0, building: undefined, unindexed: [], trouble: undefined };

  constructor(address: DatabaseAddress, options: TextSearchOptions, clock: Clock, log: Log) {
    this.#address = { ...address, applicationName: 'dogwatch text search' };
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  /** As of the last look. */
  get status(): TextSearchStatus {
    return this.#status;
  }

  /** Resolves at once: the database may still be empty, or away. */
  start(): Promise<void> {
    this.#schedule(0);
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelTimer?.();
    await this.#cancelBuilds(this.#running);
  }

  /**
   * One round, in place of `start`, for who has a schedule of its own: what is lacking is built until nothing is, or `signal` aborts.
   * @throws what the database says; the next ten minutes nothing is done then
   */
  async runRound(signal: AbortSignal): Promise<void> {
    if (this.#clock.monotonicMs() < this.#restUntilMs) return;
    this.#signal = signal;
    const round = this.#roundOrThrow();
    const settled = round.catch(() => {});
    const cancel = (): void => void this.#cancelBuilds(settled);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      await round;
    } catch (error) {
      if (signal.aborted) return;
      this.#restUntilMs = this.#clock.monotonicMs() + AFTER_TROUBLE_MS;
      this.#status = { ...this.#status, building: undefined, trouble: describeDatabaseError(error) };
      throw error;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** Cancels what is built until `over`. */
  async #cancelBuilds(over: Promise<void>): Promise<void> {
    while (this.#backendPid !== undefined) {
      await cancelBackend(this.#address, this.#backendPid);
      // A cancellation that finds no statement does nothing, so that one is not enough.
      await Promise.race([over, new Promise<void>((resolve) => void this.#clock.after(CANCEL_EVERY_MS, resolve))]);
    }
    await over;
  }

  #schedule(afterMs: number): void {
    if (this.#stopping.signal.aborted) return;
    this.#cancelTimer = this.#clock.after(afterMs, () => {
      this.#running = this.#round().then((nextMs) => this.#schedule(nextMs));
    });
  }

  /** Never rejects. @returns when to look again */
  async #round(): Promise<number> {
    try {
      await this.#roundOrThrow();
      this.#tellTrouble(undefined);
      return ROUND_MS;
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#tellTrouble(describeDatabaseError(error));
      return AFTER_TROUBLE_MS;
    }
  }

  async #roundOrThrow(): Promise<void> {
    let client: DatabaseClient | undefined;
    try {
      client = await connect(this.#address);
      await this.#work(client);
    } finally {
      this.#backendPid = undefined;
      if (client !== undefined) await disconnect(client);
    }
  }

  async #work(client: DatabaseClient): Promise<void> {
    const { rows } = await client.query<{ pid: number; taken: boolean }>(
      `SELECT pg_backend_pid() AS pid, pg_try_advisory_lock(hashtext('dogwatch text search')) AS taken`,
    );
    await client.query('SET max_parallel_maintenance_workers = 0; SET statement_timeout = 0; SET lock_timeout = 0');
    await client.query(`SELECT set_config('maintenance_work_mem', $1, false)`, [this.#options.memory ?? '128MB']);
    this.#backendPid = rows[0]?.pid;
    for (let isFirst = true; !this.#signal.aborted; isFirst = false) {
      const { tasks } = await this.#look(client, isFirst);
      const [task] = tasks;
      const held = task === undefined ? undefined : this.#options.holdBack?.();
      if (held !== undefined) this.#status = { ...this.#status, trouble: held };
      if (task === undefined || held !== undefined || rows[0]?.taken !== true) return;
      this.#status = { ...this.#status, building: task.index };
      const beganMs = this.#clock.monotonicMs();
      const isBuilt = await buildIndex(client, task);
      const seconds = Math.round((this.#clock.monotonicMs() - beganMs) / 1000);
      if (isBuilt) this.#log.debug({ index: task.index, seconds }, 'built an index');
    }
  }

  async #look(client: DatabaseClient, isNewRound: boolean): Promise<IndexPlan> {
    const partitions: SearchPartition[] = [];
    for (const table of SEARCHED_TABLES) partitions.push(...(await searchPartitions(client, table)));
    const over = this.#clock.nowMicros() - GRACE_MICROS;
    const complete = partitions.filter(
      ({ upper, name, bytes }) => bytes > 0 && upper <= over && this.#sizes.get(name) === bytes,
    );
    if (isNewRound) this.#sizes = sizesOf(partitions);
    const trigrams = await findTrigrams(client, this.#mayCreateTrigrams && partitions.length > 0);
    // Once is enough: the server logs each refusal. A later CREATE EXTENSION by an administrator is seen all the same.
    if (partitions.length > 0) this.#mayCreateTrigrams = false;
    const plan = planIndexes(complete, { trigrams, maxTrigramBytes: this.#options.maxTrigramBytes ?? 8 * 2 ** 30 });
    const unindexed =
      plan.unindexed.length === 0 && 'why' in trigrams && partitions.length > 0
        ? [{ why: trigrams.why, partitions: 0 }]
        : plan.unindexed;
    this.#status = {
      partitions: complete.length,
      indexed: plan.finished,
      building: undefined,
      unindexed,
      trouble: undefined,
    };
    return plan;
  }

  // One line a change: the same trouble comes again every ten minutes.
  #tellTrouble(trouble: string | undefined): void {
    if (trouble !== undefined) this.#status = { ...this.#status, building: undefined, trouble };
    if (trouble !== undefined && trouble !== this.#told)
      this.#log.warn({ error: trouble }, 'cannot index messages and traps, trying again');
    this.#told = trouble;
  }
}

function sizesOf(partitions: readonly SearchPartition[]): ReadonlyMap<string, number> {
  return new Map(partitions.map(({ name, bytes }) => [name, bytes]));
}

/** Ends the statement that a backend is at; never rejects. */
async function cancelBackend(address: DatabaseAddress, pid: number): Promise<void> {
  try {
    const client = await connect(address);
    try {
      await client.query('SELECT pg_cancel_backend($1)', [pid]);
    } finally {
      await disconnect(client);
    }
  } catch {
    // The database is away: then so is the statement.
  }
}
