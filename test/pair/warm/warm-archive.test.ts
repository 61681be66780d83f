import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { SqlSession } from '../../../ha/heartbeat/sql-session.ts';
import type { WarmEntry } from '../../../collectors/warm-state.ts';
import { sessionsOf } from '../../../src/pair/sessions.ts';
import { WarmArchive } from '../../../src/pair/warm/warm-archive.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { connect, disconnect } from '../../../storage/database/database.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { startTestDatabase, type TestDatabase } from '../../support/postgres.ts';

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

test('what a node takes over is stored where it is new or another, and is as old as it was where it is not', async () => {
  await run('heir', entry('flow.template', 'same'), entry('flow.template', 'older', 'one'));
  await sql(`UPDATE warm_state SET told_at = now() - interval '20 hours' WHERE owner = 'heir'`);
  const archive = archiveOf('heir');
  await archive.start();
  archive.adopt([
    entry('flow.template', 'same'),
    entry('flow.template', 'older', 'two'),
    entry('flow.template', 'new'),
    entry('flow.held', 'of its moment'),
  ]);
  // Newer than what was taken over, though it is told after it only.
  archive.changed([entry('flow.template', 'new', 'newer')]);
  await archive.stop();
  const known = ['flow.template new newer', 'flow.template older two', 'flow.template same value'];
  assert.deepEqual(await loaded('heir'), known);
  await sql(`UPDATE warm_state SET told_at = told_at - interval '6 hours' WHERE owner = 'heir'`);
  assert.deepEqual(await loaded('heir'), known.slice(0, 2));
});

test('what is taken over while the database is away is stored once it is back', async () => {
  const clock = new HandClock();
  const open = sessionsOf(database.address, 'dogwatch warm');
  let isAway = true;
  const tried = Promise.withResolvers<void>();
  const opening = (): ReturnType<typeof open> => {
    if (!isAway) return open();
    tried.resolve();
    return Promise.reject(new Error('connection refused'));
  };
  const archive = new WarmArchive('patient', opening, clock, silentLog);
  await archive.start();
  archive.adopt([entry('flow.template', 't')]);
  clock.advance(5000);
  await tried.promise;
  isAway = false;
  await archive.stop();
  assert.deepEqual(await loaded('patient'), ['flow.template t value']);
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
