import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { silentLog } from '../../../src/runtime/log.ts';
import { connect, type DatabaseClient, disconnect } from '../../../storage/database/database.ts';
import { EmbeddedPostgres } from '../../../storage/embedded/embedded-postgres.ts';
import { eventually } from '../processes.ts';

/** The collector's own account, as in a database of somebody else: no superuser, owner of its tables. */
const ROLE = 'collector';
const DATABASE = 'telemetry';
/** Of the collector, not of the test. */
const THEIR_SESSIONS = `FROM pg_stat_activity WHERE usename = '${ROLE}' AND application_name <> 'test'`;

export interface FaultyDatabaseOptions {
  readonly stateDirectory: string;
  /** As in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A PostgreSQL of the test's own, which may be stopped, killed, and spoilt by its superuser. */
export class FaultyDatabase {
  readonly #server: EmbeddedPostgres;
  readonly #stateDirectory: string;

  private constructor(server: EmbeddedPostgres, stateDirectory: string) {
    this.#server = server;
    this.#stateDirectory = stateDirectory;
  }

  static async start(t: TestContext, { stateDirectory, settings }: FaultyDatabaseOptions): Promise<FaultyDatabase> {
    const small = { fsync: 'off', shared_buffers: '32MB', ...settings };
    const server = new EmbeddedPostgres({ stateDirectory, settings: small, stopTimeoutMs: 4000 }, silentLog);
    t.after(() => server.stop());
    await server.start();
    const database = new FaultyDatabase(server, stateDirectory);
    await database.administer(`CREATE ROLE ${ROLE} LOGIN`);
    await database.administer(`CREATE DATABASE ${DATABASE} OWNER ${ROLE}`);
    return database;
  }

  /** Its Unix socket. */
  get socketPath(): string {
    return join(this.#server.address.host ?? '', `.s.PGSQL.${this.#server.address.port}`);
  }

  /** For the collector. @param port of a relay on 127.0.0.1 that leads here; default: straight */
  url(port?: number): string {
    if (port !== undefined) return `postgresql://${ROLE}@127.0.0.1:${port}/${DATABASE}`;
    const { host = '', port: number } = this.#server.address;
    return `postgresql://${ROLE}@/${DATABASE}?host=${encodeURIComponent(host)}&port=${number}`;
  }

  /** A connection of the collector's account, for questions about what is stored. */
  connect(): Promise<DatabaseClient> {
    return connect({ connectionString: this.url(), applicationName: 'test' });
  }

  /** Fast shutdown: sessions are ended. */
  stop(): Promise<void> {
    return this.#server.stop();
  }

  start(): Promise<void> {
    return this.#server.start();
  }

  /** Kills the postmaster and leaves its children to notice; it is started again by itself. */
  async kill(): Promise<void> {
    const file = join(this.#stateDirectory, 'postgresql/18/data/postmaster.pid');
    const before = Number((await readFile(file, 'utf8')).split('\n')[0]);
    process.kill(before, 'SIGKILL');
  }

  /** As the superuser, who is let in when nobody else is. @param database where it is done */
  async administer(sql: string, database = 'postgres'): Promise<void> {
    const client = await connect({ ...this.#server.address, database, applicationName: 'superuser' });
    try {
      await client.query(sql);
    } finally {
      await disconnect(client);
    }
  }

  /** In the collector's database. */
  administerTables(sql: string): Promise<void> {
    return this.administer(sql, DATABASE);
  }

  /** Takes every connection that the server has for ordinary accounts. @returns gives them back */
  async exhaustConnections(): Promise<() => Promise<void>> {
    const held: DatabaseClient[] = [];
    do {
      await this.administer(`SELECT pg_terminate_backend(pid) ${THEIR_SESSIONS}`);
      await connectAll(held, () => this.connect()).catch(() => {});
    } while ((await this.#countSessions()) > 0);
    return async () => {
      await Promise.all(held.map(disconnect));
    };
  }

  async #countSessions(): Promise<number> {
    const client = await connect({ ...this.#server.address, database: 'postgres' });
    const { rows } = await client.query<{ count: number }>(`SELECT count(*)::int ${THEIR_SESSIONS}`);
    await disconnect(client);
    return rows[0]?.count ?? 0;
  }

  async untilReachable(): Promise<void> {
    await eventually('PostgreSQL answers', () =>
      this.administer('SELECT').then(
        () => true,
        () => false,
      ),
    );
  }
}

/** @throws what the server says when it has no more */
async function connectAll(held: DatabaseClient[], open: () => Promise<DatabaseClient>): Promise<void> {
  for (;;) held.push(await open());
}
