import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { checkDatabase } from '../../src/cli/checks/database.ts';
import { checkDisk } from '../../src/cli/checks/disk.ts';
import { checkPorts } from '../../src/cli/checks/ports.ts';
import { checkSenders } from '../../src/cli/checks/senders.ts';
import type { CheckContext, CheckResult } from '../../src/cli/checks/check-result.ts';
import { checkAll } from '../../src/cli/check.ts';
import { loadConfig } from '../../src/config/load.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { connect, disconnect } from '../../storage/database/database.ts';
import { SchemaUpkeep } from '../../storage/database/schema-upkeep.ts';
import { startTestDatabase } from '../support/postgres.ts';
import { exampleStatus } from '../support/example-status.ts';

/** A configuration in a folder of its own, on ports that the system chooses, with these settings. */
function contextWith(context: TestContext, environment: Record<string, string>): CheckContext {
  const folder = temporaryFolder(context);
  const settings = {
    DOGWATCH_STATE_DIRECTORY: folder,
    DOGWATCH_LISTENERS: '[{port: 0}]',
    DOGWATCH_HTTP__PORT: '0',
    ...environment,
  };
  return { config: loadConfig({ directory: folder, environment: settings }).config, running: undefined };
}

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dogwatch-check-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function named(results: readonly CheckResult[], name: string): CheckResult {
  const found = results.find((result) => result.name.startsWith(name));
  assert.ok(found !== undefined, `no result called ${name}`);
  return found;
}

test('a port that another program holds fails, unless that is the running collector', async (context) => {
  const socket = createSocket('udp4').bind({ port: 0, address: '127.0.0.1' });
  context.after(() => socket.close());
  await once(socket, 'listening');
  const { port } = socket.address();
  const taken = contextWith(context, { DOGWATCH_LISTENERS: `[{port: ${port}, address: 127.0.0.1}]` });
  assert.deepEqual(named(await checkPorts(taken), 'UDP'), {
    name: `UDP 127.0.0.1 port ${port}`,
    state: 'fail',
    found: 'taken by another program',
    remedy: 'Find it with "ss -lunpt", or choose another port.',
  });
  const status = exampleStatus();
  const running = { ...status, listeners: status.listeners.map((listener) => ({ ...listener, port })) };
  assert.equal(named(await checkPorts({ ...taken, running }), 'UDP').state, 'ok');
});

test('an address of another machine fails', async (context) => {
  const results = await checkPorts(contextWith(context, { DOGWATCH_LISTENERS: '[{port: 0, address: 192.0.2.1}]' }));
  assert.equal(named(results, 'UDP').found, 'not an address of this machine');
});

test('a receive buffer that the kernel cuts is warned of with the sysctl for exactly that size', async (context) => {
  const results = await checkPorts(contextWith(context, { DOGWATCH_LISTENERS: '[{port: 0, receiveBuffer: 1GiB}]' }));
  const { state, remedy } = named(results, 'receive buffer');
  assert.equal(state, 'warn');
  assert.match(remedy ?? '', /sysctl -w net\.core\.rmem_max=1073741824\n/);
  const small = await checkPorts(contextWith(context, { DOGWATCH_LISTENERS: '[{port: 0, receiveBuffer: 64KiB}]' }));
  assert.equal(named(small, 'receive buffer').state, 'ok');
});

test('a journal larger than the disk is warned of', async (context) => {
  const results = await checkDisk(contextWith(context, { DOGWATCH_JOURNAL__MAX_BYTES: '1000TiB' }));
  assert.equal(named(results, 'journal, disk space').state, 'warn');
  assert.equal(named(results, 'journal, rights').state, 'ok');
});

test('a journal that another process holds fails, one that a dead process held does not', async (context) => {
  const held = contextWith(context, {});
  mkdirSync(held.config.journal.directory);
  const owner = join(held.config.journal.directory, 'owner');
  writeFileSync(owner, `${process.pid} -\n`);
  assert.equal(named(await checkDisk(held), 'journal, lock').state, 'fail');
  const running = { ...exampleStatus(), pid: process.pid };
  assert.equal(named(await checkDisk({ ...held, running }), 'journal, lock').state, 'ok');
  // Above the largest process id of Linux, so that nobody has it.
  writeFileSync(owner, '4194305 -\n');
  assert.equal(named(await checkDisk(held), 'journal, lock').state, 'ok');
});

test('a state directory below a file fails', async (context) => {
  const file = join(temporaryFolder(context), 'file');
  writeFileSync(file, '');
  const results = await checkDisk(contextWith(context, { DOGWATCH_STATE_DIRECTORY: join(file, 'state') }));
  assert.match(named(results, 'state directory, rights').found, /is not a directory/);
});

test('a database that does not answer fails, and its password is not shown', async (context) => {
  const environment = { DOGWATCH_DATABASE__URL: 'postgresql://u:hunter2@127.0.0.1:1/x' };
  const [result] = await checkDatabase(contextWith(context, environment));
  assert.equal(result?.state, 'fail');
  assert.match(result.found, /127\.0\.0\.1:1\/x does not answer: .*ECONNREFUSED/);
  assert.doesNotMatch(JSON.stringify(result), /hunter2/);
});

test('open listeners are warned of, limited ones and those on the loopback are not', async (context) => {
  const state = async (environment: Record<string, string>) =>
    named(await checkSenders(contextWith(context, environment)), 'allowed senders').state;
  assert.equal(await state({}), 'warn');
  assert.equal(await state({ DOGWATCH_ALLOW_FROM: '192.0.2.0/24' }), 'ok');
  assert.equal(await state({ DOGWATCH_LISTENERS: '[{port: 1, address: 127.0.0.1}]' }), 'ok');
  assert.equal(await state({ DOGWATCH_ALLOW_FROM: '::1', DOGWATCH_LISTENERS: '[{port: 1, allowFrom: []}]' }), 'warn');
});

test('a wrong configuration does not keep the rest from being looked at', async (context) => {
  const folder = temporaryFolder(context);
  const file = join(folder, 'x.yaml');
  writeFileSync(file, `stateDirectory: ${folder}\nlisteners: [{port: 0}]\nhttp: {port: 0}\nbatch: {rows: 0, age: x}\n`);
  const results = await checkAll(file);
  assert.deepEqual(
    results.filter(({ state }) => state === 'fail').map(({ found }) => found.replace(/: expected.*/, '')),
    ['x.yaml:4: batch.rows', 'x.yaml:4: batch.age'],
  );
  assert.equal(named(results, 'UDP').state, 'ok');
});

test('a database with every right passes, and nothing is left of the trial', async (context) => {
  const database = await startTestDatabase();
  context.after(() => database.stop());
  const results = await checkDatabase(contextWith(context, { DOGWATCH_DATABASE__URL: database.connectionString }));
  assert.deepEqual(
    results.map(({ name, state }) => [name, state]),
    [
      ['database', 'ok'],
      ['database, version', 'ok'],
      ['database, rights', 'ok'],
      ['database, text search', 'ok'],
      ['clock', 'ok'],
    ],
  );
  const client = await connect(database.address);
  const { rows } = await client.query("SELECT relname FROM pg_class WHERE relname LIKE 'dogwatch_check%'");
  assert.deepEqual(rows, []);
  await disconnect(client);
});

test('a role that may create nothing fails, with the grants that it needs', async (context) => {
  const database = await startTestDatabase();
  context.after(() => database.stop());
  const client = await connect(database.address);
  await client.query('CREATE ROLE reader LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC');
  await disconnect(client);
  const url = database.connectionString.replace(/\/\/[^@]*@/, '//reader@');
  const result = named(await checkDatabase(contextWith(context, { DOGWATCH_DATABASE__URL: url })), 'database, rights');
  assert.equal(result.state, 'fail');
  assert.match(result.found, /may not create partitioned tables: 42501/);
  assert.match(result.remedy ?? '', /GRANT CREATE/);
});

test('a role that may not create pg_trgm is told so, and what helps', async (context) => {
  const database = await startTestDatabase();
  context.after(() => database.stop());
  const client = await connect(database.address);
  context.after(() => disconnect(client));
  await client.query('CREATE ROLE searcher LOGIN');
  const url = database.connectionString.replace(/\/\/[^@]*@/, '//searcher@');
  const check = async () =>
    named(await checkDatabase(contextWith(context, { DOGWATCH_DATABASE__URL: url })), 'database, text search');
  const refused = await check();
  assert.equal(refused.state, 'warn');
  assert.match(refused.remedy ?? '', /CREATE EXTENSION pg_trgm, or GRANT CREATE ON DATABASE … TO "searcher"/);
  await client.query('CREATE EXTENSION pg_trgm');
  assert.equal((await check()).state, 'ok');
});

test('a role that does not own the tables fails, until it is a member of the one that does', async (context) => {
  const database = await startTestDatabase();
  context.after(() => database.stop());
  const admin = await connect(database.address);
  context.after(() => disconnect(admin));
  await admin.query(`
    CREATE ROLE migrator; CREATE ROLE collector LOGIN;
    GRANT CREATE, TEMPORARY ON DATABASE ${database.address.database} TO collector;
    GRANT CREATE, USAGE ON SCHEMA public TO collector, migrator;
    GRANT ALL ON ALL TABLES IN SCHEMA public TO collector`);
  const { rows } = await admin.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')`,
  );
  for (const { name } of rows) await admin.query(`ALTER TABLE ${name} OWNER TO migrator`);
  const url = database.connectionString.replace(/\/\/[^@]*@/, '//collector@');
  const rights = async () =>
    named(await checkDatabase(contextWith(context, { DOGWATCH_DATABASE__URL: url })), 'database, rights');
  const upkeepError = async (): Promise<string | undefined> => {
    const errors: unknown[] = [];
    const log = Object.assign(Object.create(silentLog), {
      warn: ({ error }: { error: unknown }) => errors.push(error),
    });
    const upkeep = new SchemaUpkeep({ connectionString: url }, systemClock, log);
    await upkeep.start();
    await upkeep.stop();
    return errors.length === 0 ? undefined : String(errors);
  };
  assert.match((await upkeepError()) ?? '', /42501: must be owner/);
  const { state, found, remedy } = await rights();
  assert.equal(state, 'fail');
  assert.match(found, /does not own applications and \d+ more: .*migrator/);
  assert.match(remedy ?? '', /GRANT "migrator" TO "collector"/);
  await admin.query('GRANT migrator TO collector');
  assert.equal((await rights()).state, 'ok');
  assert.equal(await upkeepError(), undefined);
});
