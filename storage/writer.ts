import type { Clock } from '../src/runtime/clock.ts';
import { type Component, withTimeout } from '../src/runtime/lifecycle.ts';
import type { Log } from '../src/runtime/log.ts';
import type { SealedBatch } from './batch/batch-format.ts';
import { leadingTimestamp, rowOffsets } from './batch/copy-reader.ts';
import {
  explainDatabaseTrouble,
  isAlreadyWritten,
  isMissingPartition,
  isRefusedData,
} from './database/database-trouble.ts';
import {
  connect,
  type DatabaseAddress,
  type DatabaseClient,
  describeDatabaseError,
  disconnect,
} from './database/database.ts';
import { insertAcceptableRows, insertBatch, prepareSession } from './database/insert-batch.ts';
import {
  coverTimes,
  isCovered,
  type Partition,
  partitionedTables,
  type PartitionUnit,
  partitionUnitOf,
  UNIT_MICROS,
} from './database/partitions.ts';
import type { Queue } from './queue.ts';

export interface WriterOptions {
  readonly address: DatabaseAddress;
  /** Written into the ledger. */
  readonly node: string;
  readonly partitionBy: PartitionUnit;
  /** How many batches are written at once. Default 2. */
  readonly connections?: number;
  /** After so long without an answer a connection is given up; the ledger says whether the batch made it. Default 60,000. */
  readonly batchTimeoutMs?: number;
  /** Called after each batch. */
  readonly onWritten?: (batch: WrittenBatch) => void;
}

export interface WrittenBatch {
  readonly table: string;
  /** Rows that are in the table because of this batch. */
  readonly rows: number;
  readonly rejectedRows: number;
  readonly bytes: number;
  /** The ledger knew it already: nothing was written. */
  readonly wasKnown: boolean;
  /** From the arrival of the newest row to the commit. */
  readonly delayMs: number;
}

/** Since the start. */
export interface WriterTotals {
  batches: number;
  rows: number;
  bytes: number;
  rejectedRows: number;
  knownBatches: number;
  failures: number;
}

const FIRST_BACK_OFF_MS = 100;
const LAST_BACK_OFF_MS = 5000;
/** So long without an answer is trouble, though the attempt may still go well. */
const SILENCE_MS = 10_000;
// A batch whose rows are scattered over more than this many partitions is not believed.
const MAX_PARTITIONS_A_BATCH = 100;

/**
 * Takes batches from a queue and commits them to PostgreSQL, a few at once.
 *
 *   waiting ──batch──▶ writing ──committed, or in the ledger already──▶ waiting
 *                       │   └── rows refused ──▶ writing the others, the bad ones aside ──▶ waiting
 *                       └── anything else ──▶ backing off (0.1 s … 5 s) ──▶ connecting ──▶ writing
 */
export class Writer implements Component {
  readonly name = 'writer';
  readonly totals: WriterTotals = { batches: 0, rows: 0, bytes: 0, rejectedRows: 0, knownBatches: 0, failures: 0 };
  readonly #queue: Queue;
  readonly #options: WriterOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  /** Partitions that are known to exist, of each partitioned table. */
  readonly #partitions = new Map<string, Partition[]>();
  #loops: Promise<void>[] = [];
  /** Why the database did not take the last batch; undefined while it takes them. */
  lastError: string | undefined;
  /** How long the last batch took that was written, milliseconds. */
  lastBatchMs = 0;
  /** By batch, when the attempt began that is under way. */
  readonly #attempts = new Map<string, number>();
  #lastTrouble = '';
  #failingSinceMs: number | undefined;
  #idleWaiters: (() => void)[] = [];
  /** Ends the pauses of those who found no database. */
  readonly #backingOff = new Set<() => void>();

  constructor(queue: Queue, options: WriterOptions, clock: Clock, log: Log) {
    this.#queue = queue;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  /** Resolves at once, whether or not the database is there. */
  start(): Promise<void> {
    const connections = this.#options.connections ?? 2;
    this.#loops = Array.from({ length: connections }, () => this.#run());
    return Promise.resolve();
  }

  /** Finishes the batches in hand; the rest stays in the queue. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
  }

  /** Whether the database has taken the last batch that it was given. */
  get isHealthy(): boolean {
    return this.#failingSinceMs === undefined;
  }

  /** Why the database takes no batches just now, in words; undefined while it takes them. */
  get trouble(): string | undefined {
    if (this.#failingSinceMs !== undefined) return this.#lastTrouble;
    const silentMs = Math.max(0, ...Array.from(this.#attempts.values(), (atMs) => this.#clock.monotonicMs() - atMs));
    return silentMs < SILENCE_MS ? undefined : `PostgreSQL has given no answer for ${Math.round(silentMs / 1000)} s`;
  }

  /** Waits until nothing is queued any more, at most `timeoutMs`. @returns whether that was reached */
  async drain(timeoutMs: number): Promise<boolean> {
    if (this.#queue.depth().batches === 0) return true;
    return new Promise((resolve) => {
      const cancel = this.#clock.after(timeoutMs, () => resolve(false));
      this.#idleWaiters.push(() => {
        cancel();
        resolve(true);
      });
    });
  }

  async #run(): Promise<void> {
    let client: DatabaseClient | undefined;
    while (!this.#stopping.signal.aborted) {
      const batch = await this.#queue.next(this.#stopping.signal);
      if (batch === undefined) break;
      client = await this.#store(batch, client);
    }
    if (client !== undefined) await disconnect(client);
  }

  /** Writes `batch`, however often it takes. @returns the connection to go on with */
  async #store(batch: SealedBatch, connected: DatabaseClient | undefined): Promise<DatabaseClient | undefined> {
    let client = connected;
    for (let attempt = 0; !this.#stopping.signal.aborted || attempt === 0; attempt += 1) {
      const beganMs = this.#clock.monotonicMs();
      this.#attempts.set(batch.id, beganMs);
      try {
        client ??= await this.#connect();
        const timeoutMs = this.#options.batchTimeoutMs ?? 60_000;
        const rejected = await withTimeout(this.#write(client, batch), timeoutMs, 'writing a batch');
        this.#attempts.delete(batch.id);
        this.lastBatchMs = this.#clock.monotonicMs() - beganMs;
        this.#onStored(batch, rejected);
        return client;
      } catch (error) {
        this.#attempts.delete(batch.id);
        this.#onFailure(error);
        const hadConnection = client !== undefined;
        if (client !== undefined) void disconnect(client);
        client = undefined;
        await this.#backOff(attempt, !hadConnection);
      }
    }
    this.#queue.giveBack(batch.id);
    return client;
  }

  async #connect(): Promise<DatabaseClient> {
    const client = await connect(this.#options.address);
    try {
      await prepareSession(client);
      // Again with each connection: the schema may have been made in the meantime.
      for (const table of await partitionedTables(client)) this.#partitions.set(table, []);
      return client;
    } catch (error) {
      await disconnect(client);
      throw error;
    }
  }

  /** @returns how many rows were rejected, or undefined where the ledger knew the batch */
  async #write(client: DatabaseClient, batch: SealedBatch): Promise<number | undefined> {
    const { node } = this.#options;
    const partition = await this.#cover(client, batch.table, [batch.earliestMicros, batch.latestMicros]);
    let insert = (): Promise<number> => insertBatch(client, batch, node, partition?.name);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await insert();
      } catch (error) {
        if (isAlreadyWritten(error)) return undefined;
        if (isMissingPartition(error) && attempt === 0) {
          this.#partitions.set(batch.table, []);
          await this.#cover(client, batch.table, partitionTimes(batch, this.#unitOf(batch.table)));
          insert = () => insertBatch(client, batch, node);
        } else if (isRefusedData(error)) {
          const { id, table } = batch;
          this.#log.warn({ batch: id, table, error: describeDatabaseError(error) }, 'rows of a batch were refused');
          insert = () => insertAcceptableRows(client, batch, node);
        } else {
          throw error;
        }
      }
    }
  }

  /** Makes partitions for `times` where they are missing. @returns the one that takes all of them, if there is such a one */
  async #cover(client: DatabaseClient, table: string, times: readonly number[]): Promise<Partition | undefined> {
    let known = this.#partitions.get(table);
    if (known === undefined) return undefined; // not a partitioned table
    if (!times.every((micros) => isCovered(known ?? [], micros))) {
      known = await coverTimes(client, table, times, this.#unitOf(table));
      this.#partitions.set(table, known);
    }
    return known.find((partition) => times.every((micros) => isCovered([partition], micros)));
  }

  #unitOf(table: string): PartitionUnit {
    return partitionUnitOf(table, this.#options.partitionBy);
  }

  #onStored(batch: SealedBatch, rejected: number | undefined): void {
    const { id, table, encoded } = batch;
    const wasKnown = rejected === undefined;
    const rejectedRows = rejected ?? 0;
    const rows = wasKnown ? 0 : batch.rows - rejectedRows;
    const bytes = encoded.length;
    this.totals.batches += 1;
    this.totals.rows += rows;
    this.totals.bytes += bytes;
    this.totals.rejectedRows += rejectedRows;
    if (wasKnown) this.totals.knownBatches += 1;
    const delayMs = (this.#clock.nowMicros() - batch.latestMicros) / 1000;
    this.#queue.acknowledge(id);
    if (this.#failingSinceMs !== undefined) {
      const seconds = Math.round((this.#clock.monotonicMs() - this.#failingSinceMs) / 1000);
      this.#failingSinceMs = undefined;
      this.lastError = undefined;
      this.#log.info({ seconds, waiting: this.#queue.depth().batches }, 'the database takes batches again');
      // The others would wait out pauses of seconds, and leave the backlog to one connection.
      for (const wake of this.#backingOff) wake();
    }
    this.#options.onWritten?.({ table, rows, rejectedRows, bytes, wasKnown, delayMs });
    if (this.#idleWaiters.length > 0 && this.#queue.depth().batches === 0) {
      for (const resolve of this.#idleWaiters.splice(0)) resolve();
    }
  }

  // One line a change of state: during an outage every attempt fails, and says nothing new.
  #onFailure(error: unknown): void {
    this.totals.failures += 1;
    // One may have been dropped since; it costs a query to look again.
    for (const table of this.#partitions.keys()) this.#partitions.set(table, []);
    this.lastError = describeDatabaseError(error);
    this.#lastTrouble = explainDatabaseTrouble(error);
    if (this.#failingSinceMs !== undefined) return;
    this.#failingSinceMs = this.#clock.monotonicMs();
    this.#log.warn({ error: describeDatabaseError(error) }, 'the database does not take batches, trying again');
  }

  /** @param untilBack goes on as soon as the database takes a batch of another connection */
  async #backOff(attempt: number, untilBack: boolean): Promise<void> {
    const fullMs = Math.min(LAST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** Math.min(attempt, 10));
    const { signal } = this.#stopping;
    await new Promise<void>((resolve) => {
      if (signal.aborted) return resolve();
      const wake = (): void => {
        cancel();
        this.#backingOff.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const cancel = this.#clock.after(fullMs * (0.5 + Math.random() / 2), wake);
      if (untilBack) this.#backingOff.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}

/** One time for each partition that the rows of `batch` need, from the rows themselves. */
function partitionTimes(batch: SealedBatch, unit: PartitionUnit): number[] {
  const times = new Map<number, number>();
  for (const offset of rowOffsets(batch.body)) {
    const micros = leadingTimestamp(batch.body, offset);
    if (micros !== undefined) times.set(Math.floor(micros / UNIT_MICROS[unit]), micros);
    if (times.size >= MAX_PARTITIONS_A_BATCH) break;
  }
  return [...times.values()];
}
