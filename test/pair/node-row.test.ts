import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpenSession } from '../../ha/heartbeat/sql-session.ts';
import { NodeRow } from '../../src/pair/node-row.ts';
import { sessionsOf } from '../../src/pair/sessions.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { HandClock } from '../support/hand-clock.ts';
import { startTestDatabase } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { standbyStatus } from '../support/standby-status.ts';

const WRITE_EVERY_MS = 5000;

/** Moves the clock on until something is seen: each write begins its wait only when the one before has ended. */
async function passes(clock: HandClock, what: string, isSeen: () => boolean | Promise<boolean>): Promise<void> {
  await eventually(what, async () => {
    if (clock.waiting > 0) clock.advance(WRITE_EVERY_MS);
    return isSeen();
  });
}

test('what a node says of itself is in the database, and another machine of its name is noticed by both', async () => {
  const database = await startTestDatabase();
  const open: OpenSession = sessionsOf(database.address, 'dogwatch nodes');
  const [clockA, clockB] = [new HandClock(), new HandClock()];
  const a = new NodeRow(
    'p',
    'run a',
    () => standbyStatus('dw-a', { address: '192.0.2.11 port 8056' }),
    open,
    clockA,
    silentLog,
  );
  const b = new NodeRow(
    'p',
    'run b',
    () => standbyStatus('dw-a', { address: '192.0.2.12 port 8056' }),
    open,
    clockB,
    silentLog,
  );
  await a.start();
  const session = await open();
  const known = async (): Promise<unknown> =>
    (await session.query(`SELECT session, address, role, report->>'epoch' AS epoch FROM ha_nodes`)).rows[0];
  await passes(clockA, 'the row is there', async () => (await known()) !== undefined);
  assert.deepEqual(await known(), { session: 'run a', address: '192.0.2.11 port 8056', role: 'standby', epoch: '7' });
  assert.equal(a.namesake, undefined);
  await b.start();
  await passes(clockB, 'the other machine writes', async () => JSON.stringify(await known()).includes('run b'));
  await passes(clockA, 'the first notices', () => a.namesake === '192.0.2.12 port 8056');
  await passes(clockB, 'the second notices', async () => {
    await passes(clockA, 'the first writes', async () => JSON.stringify(await known()).includes('run a'));
    return b.namesake === '192.0.2.11 port 8056';
  });
  await a.stop();
  await b.stop();
  await session.close();
});
