import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { silentLog } from '../../src/runtime/log.ts';
import { connect, type DatabaseAddress, disconnect, quoteIdentifier } from '../../storage/database/database.ts';
import { EmbeddedPostgres } from '../../storage/embedded/embedded-postgres.ts';
import { migrate, readMigrations } from '../../storage/database/migrations.ts';

export interface TestDatabase {
  readonly address: DatabaseAddress;
  /** For programs that take one. */
  readonly connectionString: string;
  /** Drops the database; the server goes when the test file is done. */
  stop(): Promise<void>;
}

const TEMPLATE = 'dogwatch';
let server: Promise<EmbeddedPostgres> | undefined;
let databases = 0;

const cleanups: (() => Promise<void>)[] = [];

// Here and not where the things are made, since `after` within a test belongs to that test.
after(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

/** A fresh database with the whole schema. All of a test file are on one server, which the first call starts. */
export async function startTestDatabase(): Promise<TestDatabase> {
  server ??= startServer();
  const { address } = await server;
  databases += 1;
  const database = `test_${databases}`;
  await administer(address, `CREATE DATABASE ${quoteIdentifier(database)} TEMPLATE ${TEMPLATE}`);
  const connectionString = `postgresql://${address.user}@/${database}?host=${encodeURIComponent(address.host ?? '')}&port=${address.port}`;
  return {
    address: { ...address, database },
    connectionString,
    stop: () => administer(address, `DROP DATABASE ${quoteIdentifier(database)} WITH (FORCE)`),
  };
}

/** A directory for a test file's files; removed when it is done. Any account may pass through it. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'dw-'));
  await chmod(directory, 0o711);
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function startServer(): Promise<EmbeddedPostgres> {
  const stateDirectory = await temporaryDirectory();
  const settings = { fsync: 'off', shared_buffers: '64MB' };
  const postgres = new EmbeddedPostgres({ stateDirectory, settings }, silentLog);
  cleanups.push(() => postgres.stop());
  await postgres.start();
  const client = await connect(postgres.address);
  await migrate(client, await readMigrations());
  await disconnect(client);
  return postgres;
}

async function administer(address: DatabaseAddress, sql: string): Promise<void> {
  const client = await connect({ ...address, database: 'postgres' });
  try {
    await client.query(sql);
  } finally {
    await disconnect(client);
  }
}
