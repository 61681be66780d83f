import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { SqlSession } from '../../ha/heartbeat/sql-session.ts';
import type { WarmEntry } from '../../collectors/warm-state.ts';
import { sessionsOf } from '../../src/pair/sessions.ts';
import { WarmArchive } from '../../src/pair/warm-archive.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { connect, disconnect } from '../../storage/database/database.ts';
import { HandClock } from '../support/hand-clock.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;

before(async () => {
  database = await startTestDatabase();
});

function archiveOf(owner: string): WarmArchive {
  return new WarmArchive(owner, sessionsOf(database.address, 'dogwatch warm'), new HandClock(), silentLog);
}

function entry(kind: string, key: string, value = 'value'): WarmEntry {
  return { kind, key, value: Buffer.from(value) };
}

/** One run of a node: what it learns, up to its orderly end. */
async function run(owner: string, ...learnt: WarmEntry[]): Promise<void> {
  const archive = archiveOf(owner);
  await archive.start();
  archive.changed(learnt);
  await archive.stop();
}

async function loaded(owner: string): Promise<string[]> {
  const archive = archiveOf(owner);
  const entries = await archive.load();
  await archive.stop();
  return entries.map(({ kind, key, value }) => `${kind} ${key} ${Buffer.from(value ?? []).toString()}`).toSorted();
}

async function sql(text: string): Promise<void> {
  const client = await connect(database.address);
  await client.query(text);
  await disconnect(client);
}

test('a node that is started again knows what it had learnt, and nothing of another owner', async () => {
  await run('alone', entry('flow.template', 't', 'one'), entry('flow.sampling', 's'));
  await run('other', entry('flow.template', 'x'));
  await run('alone', entry('flow.template', 't', 'two'), { kind: 'flow.sampling', key: 's', value: undefined });
  assert.deepEqual(await loaded('alone'), ['flow.template t two']);
});

test('what is of its moment only is not stored: a later run would decode it again', async () => {
  await run('fleeting', entry('flow.held', 'h'), entry('flow.sequence', 'q'), entry('snmp.inform', 'i'));
  assert.deepEqual(await loaded('fleeting'), []);
});

test('data that still waits at an orderly end is there for the next start, once', async () => {
  const held = [entry('flow.held', 'h')];
  const open = sessionsOf(database.address, 'dogwatch warm');
  const archive = new WarmArchive('orderly', open, new HandClock(), silentLog, () => held);
  await archive.start();
  await archive.stop();
  assert.deepEqual(await loaded('orderly'), ['flow.held h value']);
  assert.deepEqual(await loaded('orderly'), []);
});

test('templates of yesterday are forgotten, and engines and clocks, which are told once, are not', async () => {
  await run('old', entry('flow.template', 't'), entry('snmp.engine', 'e'), entry('syslog.clock', 'c'));
  await sql(`UPDATE warm_state SET told_at = now() - interval '26 hours' WHERE owner = 'old'`);
  const known = ['snmp.engine e value', 'syslog.clock c value'];
  assert.deepEqual(await loaded('old'), known);
  assert.deepEqual(await loaded('old'), known);
  await sql(`UPDATE warm_state SET told_at = now() - interval '91 days' WHERE owner = 'old'`);
  assert.deepEqual(await loaded('old'), []);
});

test('a database that is not there makes a node that knows nothing, not one that does not start', async () => {
  const refused = (): Promise<never> => Promise.reject(new Error('connection refused'));
  const archive = new WarmArchive('nobody', refused, new HandClock(), silentLog);
  assert.deepEqual(await archive.load(), []);
  await archive.start();
  archive.changed([entry('flow.template', 't')]);
  await archive.stop();
});

test('a flood while the database is away waits within a bound', async () => {
  let stored = 0;
  let isThere = false;
  const open = (): Promise<SqlSession> => {
    if (!isThere) return Promise.reject(new Error('connection refused'));
    const query = (_text: string, values: readonly unknown[] = []): Promise<{ rows: []; rowCount: number }> => {
      const [, , , contents] = values;
      if (Array.isArray(contents)) for (const content of contents) stored += Buffer.from(content).length;
      return Promise.resolve({ rows: [], rowCount: 0 });
    };
    return Promise.resolve({ query, close: () => Promise.resolve() });
  };
  const archive = new WarmArchive('flooded', open, new HandClock(), silentLog);
  await archive.start();
  const large = Buffer.alloc(64 * 1024);
  for (let sender = 0; sender < 5000; sender += 1)
    archive.changed([{ kind: 'flow.template', key: `${sender}`, value: large }]);
  isThere = true;
  await archive.stop();
  assert.ok(stored > 60 << 20 && stored <= 64 << 20, `${stored} bytes`);
});
