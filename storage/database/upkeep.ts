import type { Clock } from '../../src/runtime/clock.ts';
import { DogwatchError } from '../../src/runtime/errors.ts';
import type { Component } from '../../src/runtime/lifecycle.ts';
import type { Log } from '../../src/runtime/log.ts';
import { connect, type DatabaseAddress, describeDatabaseError, disconnect } from './database.ts';
import { migrate, type Migration, readMigrations } from './migrations.ts';
import { applyRetention, type RetentionOptions } from './retention.ts';

const RETENTION_EVERY_MS = 10 * 60_000;
const RETRY_MS = 5000;

/**
 * Keeps the database fit to be written to: brings its schema up to date, makes partitions ahead of need and drops what is
 * over age. While the database is away it tries again; datagrams go into the journal meanwhile.
 *
 *   start() ──▶ migrating ──done──▶ retention every 10 min
 *                 │ └── database away: again after 5 s
 *                 └── the schema is not ours: start() throws, or it is logged and nothing is written
 */
export class DatabaseUpkeep implements Component {
  readonly name = 'database upkeep';
  /** Whether the schema has been brought up to date since the start. */
  isMigrated = false;
  readonly #address: DatabaseAddress;
  readonly #options: RetentionOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #migrations: Migration[] = [];
  #running: Promise<void> = Promise.resolve();
  #cancel: (() => void) | undefined;
  #isFailing = false;
  #doClocksDiffer = false;

  constructor(address: DatabaseAddress, options: RetentionOptions, clock: Clock, log: Log) {
    this.#address = address;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Resolves after the first attempt, whether or not the database was there.
   * @throws DogwatchError `SCHEMA_NEWER`, `SCHEMA_CHANGED`: this program must not write there
   */
  async start(): Promise<void> {
    // Read now: later the process may have given up the right to read the program's files.
    this.#migrations = await readMigrations();
    await this.#attempt((error) => {
      throw error;
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancel?.();
    await this.#running;
  }

  async #attempt(onForeignSchema: (error: DogwatchError) => void): Promise<void> {
    let nextMs = RETENTION_EVERY_MS;
    try {
      await this.#work();
      if (this.#isFailing) this.#log.info({}, 'database upkeep works again');
      this.#isFailing = false;
    } catch (error) {
      nextMs = RETRY_MS;
      if (error instanceof DogwatchError && error.code.startsWith('SCHEMA_')) onForeignSchema(error);
      else if (!this.#isFailing)
        this.#log.warn({ error: describeDatabaseError(error) }, 'database upkeep failed, trying again');
      this.#isFailing = true;
    }
    if (!this.#stopping.signal.aborted) this.#cancel = this.#clock.after(nextMs, () => this.#again());
  }

  #again(): void {
    this.#running = this.#attempt((error) => {
      if (!this.#isFailing)
        this.#log.error({ error: error.message, remedy: error.remedy }, 'the database is not ours to write to');
    });
  }

  async #work(): Promise<void> {
    const client = await connect(this.#address);
    try {
      if (!this.isMigrated) {
        const applied = await migrate(client, this.#migrations);
        if (applied.length > 0) this.#log.info({ applied }, 'schema brought up to date');
        this.isMigrated = true;
      }
      const report = await applyRetention(client, this.#options, this.#clock);
      if (report.droppedPartitions.length > 0) this.#log.info({ ...report }, 'dropped what was over age');
      for (const dropped of report.droppedForSize) this.#log.warn({ ...dropped }, 'dropped a partition for its size');
      this.#tellOfClocks(report.clockAheadMs);
    } finally {
      await disconnect(client);
    }
  }

  #tellOfClocks(aheadMs: number | undefined): void {
    const differ = aheadMs !== undefined;
    if (differ && !this.#doClocksDiffer) {
      const remedy = 'Let both machines follow the same time servers.';
      this.#log.error({ aheadMs, remedy }, 'our clock is not that of the database: nothing is dropped for its age');
    } else if (!differ && this.#doClocksDiffer) {
      this.#log.info({}, 'our clock is that of the database again');
    }
    this.#doClocksDiffer = differ;
  }
}
