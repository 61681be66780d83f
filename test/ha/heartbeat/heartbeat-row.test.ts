import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { epochName, HeartbeatRow } from '../../../ha/heartbeat/heartbeat-row.ts';
import type { OpenSession } from '../../../ha/heartbeat/sql-session.ts';
import { sessionsOf } from '../../../src/pair/sessions.ts';
import { connect, disconnect } from '../../../storage/database/database.ts';
import { startTestDatabase, type TestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;
let open: OpenSession;

before(async () => {
  database = await startTestDatabase();
  open = sessionsOf(database.address, 'dogwatch heartbeat');
});

function rowOf(pair: string): HeartbeatRow {
  return new HeartbeatRow({ pair, answerMs: 2000, fenceMs: 5000 }, open);
}

test('a pair that has never been active has epoch 0, and the first to write is its holder', async () => {
  const [a, b] = [rowOf('first'), rowOf('first')];
  const nobody = await a.read();
  assert.deepEqual(nobody, { epoch: 0, holder: '', session: '', counter: 0 });
  const ofA = { epoch: 1, holder: 'a', session: 's', counter: 1 };
  assert.deepEqual(await a.replace(nobody, ofA), ofA);
  assert.deepEqual(await b.replace(nobody, { epoch: 1, holder: 'b', session: 't', counter: 1 }), ofA);
  await Promise.all([a.stop(), b.stop()]);
});

test('of two that replace the same row one wins, and both learn who', async () => {
  const [a, b] = [rowOf('race'), rowOf('race')];
  const seen = { epoch: 4, holder: 'x', session: 's', counter: 9 };
  await a.replace({ epoch: 0, holder: '', session: '', counter: 0 }, seen);
  const answers = await Promise.all([
    a.replace(seen, { epoch: 5, holder: 'a', session: 'sa', counter: 1 }),
    b.replace(seen, { epoch: 5, holder: 'b', session: 'sb', counter: 1 }),
  ]);
  const row = await a.read();
  assert.ok(['a', 'b'].includes(row.holder));
  assert.deepEqual(answers, [row, row]);
  await Promise.all([a.stop(), b.stop()]);
});

test('pairs that share a database have a row each', async () => {
  const [one, other] = [rowOf('one'), rowOf('other')];
  const seen = await one.read();
  await one.replace(seen, { epoch: 7, holder: 'a', session: 's', counter: 1 });
  assert.equal((await other.read()).epoch, 0);
  await Promise.all([one.stop(), other.stop()]);
});

test('what gives no answer in time is unreachable, and the next question has a connection of its own', async () => {
  let opened = 0;
  const row = new HeartbeatRow({ pair: 'slow', answerMs: 300, fenceMs: 300 }, async () => {
    opened += 1;
    const session = await open();
    if (opened > 1) return session;
    return {
      ...session,
      query: (text, values) => session.query(`SELECT pg_sleep(30)`).then(() => session.query(text, values)),
    };
  });
  await assert.rejects(row.read(), { code: 'HEARTBEAT_UNREACHABLE' });
  assert.equal((await row.read()).epoch, 0);
  assert.equal(opened, 2);
  await row.stop();
});

test('the fence ends sessions of older epochs of its own pair, and no others', async () => {
  const sessions = await Promise.all(
    [epochName('fence', 3), epochName('fence', 4), epochName('fence-2', 3), 'dogwatch'].map((name) =>
      connect({ ...database.address, applicationName: name }),
    ),
  );
  // In the middle of a transaction, which must not be committed any more.
  await sessions[0]?.query('BEGIN; CREATE TABLE stale (x int)');
  const row = rowOf('fence');
  await row.fence(4);
  const lives = await Promise.all(sessions.map((session) => session.query('SELECT').then(Boolean, () => false)));
  assert.deepEqual(lives, [false, true, true, true]);
  await assert.rejects(sessions[1]!.query('SELECT * FROM stale'), { code: '42P01' });
  await Promise.all(sessions.map((session) => disconnect(session)));
  await row.stop();
});

test('a session of an epoch that is over is not opened', async () => {
  const row = rowOf('session');
  await row.replace(await row.read(), { epoch: 8, holder: 'a', session: 's', counter: 1 });
  const epochOf = (epoch: number) => ({ pair: 'session', epoch, sessionName: epochName('session', epoch) });
  await assert.rejects(connect({ ...database.address, epoch: epochOf(7) }), { code: 'EPOCH_OVER' });
  const client = await connect({ ...database.address, epoch: epochOf(8) });
  const { rows } = await client.query<{ name: string }>(`SELECT current_setting('application_name') AS name`);
  assert.equal(rows[0]?.name, 'dogwatch epoch 8 of session');
  await disconnect(client);
  await row.stop();
});

test('a role that may read the row and not write it is told by name of the setting, until it may', async () => {
  const owner = await connect(database.address);
  await owner.query('CREATE ROLE reader LOGIN');
  await owner.query('GRANT SELECT ON ha_heartbeat TO reader');
  const asReader: OpenSession = async () => {
    const session = await open();
    await session.query('SET ROLE reader');
    return session;
  };
  const row = new HeartbeatRow({ pair: 'refused', answerMs: 30_000, fenceMs: 5000 }, asReader);
  const nobody = await row.read();
  const next = { epoch: 1, holder: 'a', session: 's', counter: 1 };
  await assert.rejects(row.replace(nobody, next), { code: 'HEARTBEAT_UNREACHABLE' });
  await row.read();
  assert.match(row.refusal ?? '', /permission denied for table ha_heartbeat for the role of database\.url/);
  await owner.query('GRANT INSERT, UPDATE ON ha_heartbeat TO reader');
  assert.deepEqual(await row.replace(nobody, next), next);
  assert.equal(row.refusal, undefined);
  await row.stop();
  await disconnect(owner);
});
