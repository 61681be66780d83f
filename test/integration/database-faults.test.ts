import assert from 'node:assert/strict';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import type { CollectorStatus } from '../../src/console/status.ts';
import { disconnect } from '../../storage/database/database.ts';
import { CollectorProcess } from '../support/collector-process.ts';
import { DatabaseWire } from '../support/database-faults/database-wire.ts';
import { FaultyDatabase } from '../support/database-faults/faulty-database.ts';
import { differences, NumberedFlows, storedFlows } from '../support/database-faults/numbered-flows.ts';
import { temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { smallDisk } from '../support/small-disk.ts';

const RECORDS_PER_SECOND = 4000;
/** The outage goes on for so long after the status has told of it: time in which things could pile up. */
const OUTAGE_MS = 5000;
/** The journal's `memoryBytes`, buffers of sockets, and what the engine's heap swings by. */
const MEMORY_SWING_BYTES = 120 << 20;
const CATCH_UP_MS = 60_000;

interface Fault {
  readonly database: FaultyDatabase;
  readonly wire?: DatabaseWire;
  readonly strike: () => unknown;
  readonly mend: () => unknown;
  /** What the status says of it, in words. */
  readonly says: RegExp;
  /** It only warns, since batches are still written. Default: it is not ready, and this is why. */
  readonly isWarning?: boolean;
  readonly outageMs?: number;
}

/** Together they take minutes: `npm run test:long` has them all. */
const ONLY_LONG = process.env['ALL_FAULTS'] === undefined ? 'only in npm run test:long' : false;

test('PostgreSQL is stopped for twenty seconds', { skip: ONLY_LONG }, async (t) => {
  const database = await startDatabase(t);
  const strike = () => database.stop();
  const mend = () => database.start();
  await endure(t, { database, strike, mend, says: /PostgreSQL is not running/, outageMs: 20_000 });
});

test('PostgreSQL is killed, and recovers', async (t) => {
  const database = await startDatabase(t);
  const strike = () => database.kill();
  const mend = () => database.untilReachable();
  const says = /the connection .*broke|PostgreSQL is (stopping|not running)|Connection terminated/;
  await endure(t, { database, strike, mend, says, outageMs: 0 });
});

test('others have taken all connections', { skip: ONLY_LONG }, async (t) => {
  const database = await startDatabase(t, { max_connections: '30' });
  let giveBack = async (): Promise<void> => {};
  const strike = async () => (giveBack = await database.exhaustConnections());
  await endure(t, { database, strike, mend: () => giveBack(), says: /no connection left \(max_connections\)/ });
});

test('the disk of PostgreSQL is full', async (t) => {
  const disk = await smallDisk(t, 400 << 20);
  if (disk === undefined) return t.skip('needs the right to mount a small disk');
  const stateDirectory = join(disk.directory, 'state');
  const settings = { ...SMALL, min_wal_size: '32MB', max_wal_size: '64MB' };
  const database = await FaultyDatabase.start(t, { stateDirectory, settings });
  const ballast = join(disk.directory, 'ballast');
  const strike = async () => {
    const { bavail, bsize } = await statfs(disk.directory);
    // Whether we or PostgreSQL take the last page.
    await writeFile(ballast, Buffer.alloc(bavail * bsize)).catch(assertFull);
  };
  await endure(t, { database, strike, mend: () => rm(ballast), says: /the disk of PostgreSQL is full/ });
});

test('PostgreSQL is read-only for a while', async (t) => {
  const database = await startDatabase(t);
  const set = async (value: string): Promise<void> => {
    await database.administer(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
    await database.administer('SELECT pg_reload_conf()');
  };
  await endure(t, { database, strike: () => set('on'), mend: () => set('off'), says: /PostgreSQL is read-only/ });
});

test('PostgreSQL comes back without our rights', { skip: ONLY_LONG }, async (t) => {
  const database = await startDatabase(t);
  const strike = async () => {
    await database.administerTables('REVOKE INSERT ON ALL TABLES IN SCHEMA public FROM collector');
    await database.stop();
    await database.start();
  };
  const mend = () => database.administerTables('GRANT INSERT ON ALL TABLES IN SCHEMA public TO collector');
  await endure(t, { database, strike, mend, says: /our account lacks a right in PostgreSQL/ });
});

test('a table is missing', { skip: ONLY_LONG }, async (t) => {
  const database = await startDatabase(t);
  const strike = () => database.administerTables('ALTER TABLE batches RENAME TO mislaid');
  const mend = () => database.administerTables('ALTER TABLE mislaid RENAME TO batches');
  await endure(t, { database, strike, mend, says: /the schema is not as it should be .*"batches" does not exist/ });
});

test('each statement takes two seconds', { skip: ONLY_LONG }, async (t) => {
  const { database, wire } = await startBehindWire(t);
  const strike = () => (wire.delayMs = 2000);
  const mend = () => (wire.delayMs = 0);
  const says = /the database is behind: batches wait/;
  await endure(t, { database, wire, strike, mend, says, isWarning: true });
});

test('the network to PostgreSQL is silent, and then goes on', { skip: ONLY_LONG }, async (t) => {
  const { database, wire } = await startBehindWire(t);
  const strike = () => wire.silence();
  await endure(t, { database, wire, strike, mend: () => wire.goOn(), says: SILENT });
});

test('the network to PostgreSQL is silent, and then its connections break', { skip: ONLY_LONG }, async (t) => {
  const { database, wire } = await startBehindWire(t);
  const strike = () => wire.silence();
  await endure(t, { database, wire, strike, mend: () => wire.cut(), says: SILENT });
});

function assertFull(error: unknown): void {
  assert.ok(error instanceof Error && 'code' in error && error.code === 'ENOSPC');
}

const SILENT = /PostgreSQL (has given|gives) no answer/;
const SMALL = { fsync: 'off', shared_buffers: '32MB' };

async function startDatabase(t: TestContext, settings: Record<string, string> = {}): Promise<FaultyDatabase> {
  const stateDirectory = await temporaryDirectory();
  return FaultyDatabase.start(t, { stateDirectory, settings: { ...SMALL, ...settings } });
}

async function startBehindWire(t: TestContext): Promise<{ database: FaultyDatabase; wire: DatabaseWire }> {
  const database = await startDatabase(t);
  return { database, wire: await DatabaseWire.open(t, database.socketPath) };
}

/** Live traffic before, through and after a fault, and what has to be true of it whatever the fault. */
async function endure(t: TestContext, fault: Fault): Promise<void> {
  const { database } = fault;
  const collector = await startCollector(t, fault);
  const load = await NumberedFlows.start(collector.flowPort, RECORDS_PER_SECOND);
  t.after(() => load.stop());
  await eventually('rows are written', async () => (await collector.status()).writer.rows > RECORDS_PER_SECOND);
  const before = await collector.status();

  await fault.strike();
  const during = await outage(collector, load, fault);
  await fault.mend();
  await catchUp(collector, load.sent);

  const sent = load.stop();
  await eventually('it is ready again', async () => (await collector.status()).ready);
  await eventually('maintenance goes on', async () => jobsGoOn(await collector.status()));
  const after = await collector.status();
  await collector.stop();
  const client = await database.connect();
  const rows = await storedFlows(client);
  assert.deepEqual(await differences(client, sent), { missing: 0, double: 0, wrong: 0 });
  await disconnect(client);
  assert.equal(after.writer.rejectedRows, 0, 'no batch was taken for a bad one');
  assert.equal(
    after.listeners[0] !== undefined && 'kernelDrops' in after.listeners[0] && after.listeners[0].kernelDrops,
    0,
  );
  assertBounded(before, during, after);
  t.diagnostic(during.reasons.concat(during.warnings).join(' | '));
  t.diagnostic(`${rows} rows; worker's memory ${mebibytes(before)}, ${mebibytes(during)}, ${mebibytes(after)} MiB`);
}

async function startCollector(t: TestContext, { database, wire }: Fault): Promise<CollectorProcess> {
  const collector = await CollectorProcess.start({
    folder: await temporaryDirectory(),
    databaseUrl: database.url(wire?.port),
    settings: {
      workers: 1,
      // Smaller than what arrives in an outage, so that most of it has to come back from the disk.
      batch: { rows: 1000, bytes: '2MiB', age: '100ms' },
      journal: { memoryBytes: '4MiB', segmentBytes: '4MiB' },
    },
  });
  t.after(() => collector.kill());
  return collector;
}

/** @returns the status at its end */
async function outage(collector: CollectorProcess, load: NumberedFlows, fault: Fault): Promise<CollectorStatus> {
  const { says, isWarning = false, outageMs = OUTAGE_MS } = fault;
  await eventually(
    `the status says ${says}`,
    async () => {
      const { reasons, warnings, ready } = await collector.status();
      return (isWarning || !ready) && (isWarning ? warnings : reasons).some((text) => says.test(text));
    },
    30_000,
  );
  const seen = await collector.status();
  await pause(outageMs);
  const sent = load.sent;
  await eventually('collection goes on', async () => (await collector.status()).flow.records > sent);
  return outageMs === 0 ? seen : collector.status();
}

async function catchUp(collector: CollectorProcess, backlog: number): Promise<void> {
  await eventually(
    'the backlog is written while data arrives',
    async () => {
      const { journal, writer } = await collector.status();
      return writer.rows >= backlog && journal.oldestMs < 1000;
    },
    CATCH_UP_MS,
  );
}

function jobsGoOn({ warnings, jobs }: CollectorStatus): boolean {
  return warnings.length === 0 && jobs.length > 0 && jobs.every(({ nextAt }) => nextAt !== undefined);
}

/** Neither memory nor jobs pile up. */
function assertBounded(before: CollectorStatus, during: CollectorStatus, after: CollectorStatus): void {
  assert.ok(during.journal.rows > 0, 'the journal had what the database did not take');
  for (const status of [during, after]) {
    const grown = workerMemory(status) - workerMemory(before);
    assert.ok(grown < MEMORY_SWING_BYTES, `the worker grew by ${grown} bytes`);
  }
  const seconds = (Date.now() - Date.parse(before.startedAt)) / 1000;
  for (const { name, runs, everyMs } of after.jobs) {
    assert.ok(runs <= (seconds * 1000) / everyMs + 3, `${name} has run ${runs} times in ${seconds} s`);
  }
}

function workerMemory({ processes }: CollectorStatus): number {
  return processes.find(({ name }) => name === 'worker 1')?.memoryBytes ?? 0;
}

function mebibytes(status: CollectorStatus): number {
  return workerMemory(status) >> 20;
}
