import type { Clock } from '../../src/runtime/clock.ts';
import { DogwatchError } from '../../src/runtime/errors.ts';
import type { Component } from '../../src/runtime/lifecycle.ts';
import type { Log } from '../../src/runtime/log.ts';
import { connect, type DatabaseAddress, describeDatabaseError, disconnect } from './database.ts';
import { migrate, type Migration, readMigrations } from './migrations.ts';
import { withLiveSession } from './session-watch.ts';

const RETRY_MS = 5000;

/**
 * Brings the schema up to date at the start, and tells when it is. Every process that needs the schema has one; the first of them
 * does the work. While the database is away it tries again; datagrams go into the journal meanwhile.
 *
 *   start() ──▶ migrating ──done──▶ migrated
 *                 │ └── database away: again after 5 s
 *                 └── the schema is not ours: start() throws, or it is logged and nothing is written
 */
export class SchemaUpkeep implements Component {
  readonly name = 'schema upkeep';
  /** Whether the schema has been brought up to date since the start. */
  isMigrated = false;
  readonly #address: DatabaseAddress;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #migrations: Migration[] = [];
  #running: Promise<void> = Promise.resolve();
  #cancel: (() => void) | undefined;
  #isFailing = false;
  #isForeign = false;

  constructor(address: DatabaseAddress, clock: Clock, log: Log) {
    this.#address = address;
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
    const foreign = await this.#attempt();
    if (foreign !== undefined) throw foreign;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancel?.();
    await this.#running;
  }

  /** @returns why the schema is not ours, if that is so */
  async #attempt(): Promise<DogwatchError | undefined> {
    try {
      await this.#migrate();
      if (this.#isFailing) this.#log.info({}, 'the database is there');
      return undefined;
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#cancel = this.#clock.after(RETRY_MS, () => this.#again());
      if (error instanceof DogwatchError && error.code.startsWith('SCHEMA_')) return error;
      if (!this.#isFailing)
        this.#log.warn({ error: describeDatabaseError(error) }, 'the schema cannot be checked yet, trying again');
      this.#isFailing = true;
      return undefined;
    }
  }

  #again(): void {
    this.#running = this.#attemptLater();
  }

  async #attemptLater(): Promise<void> {
    const foreign = await this.#attempt();
    if (foreign === undefined) return;
    const { message, remedy } = foreign;
    if (!this.#isForeign) this.#log.error({ error: message, remedy }, 'the database is not ours to write to');
    this.#isForeign = true;
  }

  async #migrate(): Promise<void> {
    const client = await connect(this.#address);
    try {
      const work = (): Promise<string[]> => migrate(client, this.#migrations);
      const applied = await withLiveSession(client, this.#address, this.#clock, work);
      if (applied.length > 0) this.#log.info({ applied }, 'schema brought up to date');
      this.isMigrated = true;
    } finally {
      await disconnect(client);
    }
  }
}
