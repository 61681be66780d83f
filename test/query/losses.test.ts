import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { askGaps } from '../../src/query/losses.ts';
import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { startTestDatabase } from '../support/postgres.ts';

const FROM = new Date('2026-03-05T12:00:00Z');
const RANGE = { from: FROM, to: new Date('2026-03-05T12:10:00Z') };
const NONE = { lostShare: 0, rowsLost: 0, rowsRejected: 0, setsExpired: 0, undecodable: 0 };

async function ledger(t: TestContext): Promise<DatabaseClient> {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  t.after(async () => {
    await disconnect(client);
    await database.stop();
  });
  return client;
}

/** A minute of a sender: 1,000 datagrams, 30,000 flows of which all were stored, but for what is given. */
async function minute(client: DatabaseClient, sender: string, given: Record<string, unknown>): Promise<void> {
  const line = { family: 'flow', protocol: 'netflow5', datagrams: 1000, received: 30_000, rows: 30_000, ...given };
  const values = { minute: FROM, sender, observation_domain: 0, account: 1, ...line };
  const names = Object.keys(values);
  await client.query(
    `INSERT INTO losses (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
    Object.values(values),
  );
}

test('an answer about flows has a gap of each kind of loss that is more than a thousandth, and of no other', async (t) => {
  const client = await ledger(t);
  await minute(client, '192.0.2.1', {});
  await minute(client, '192.0.2.2', { lost: 10_000 });
  await minute(client, '192.0.2.3', { lost: 29, dropped: 30, rejected: 30, held_expired: 1, undecodable: 1 });
  await minute(client, '192.0.2.4', { dropped: 300 });
  await minute(client, '192.0.2.5', { rejected: 31 });
  await minute(client, '192.0.2.6', { received: 0, rows: 0, held: 900, held_expired: 900 });
  await minute(client, '192.0.2.7', { undecodable: 2 });
  await minute(client, '192.0.2.8', { family: 'syslog', dropped: 30_000 });
  await minute(client, '192.0.2.9', { minute: RANGE.to, lost: 30_000 });

  const gaps = await askGaps(client, RANGE, []);

  assert.deepEqual(Object.fromEntries(gaps.map(({ exporter, ...gap }) => [exporter, gap])), {
    '192.0.2.2': { ...NONE, lostShare: 0.25 },
    '192.0.2.4': { ...NONE, rowsLost: 300 },
    '192.0.2.5': { ...NONE, rowsRejected: 31 },
    '192.0.2.6': { ...NONE, setsExpired: 900 },
    '192.0.2.7': { ...NONE, undecodable: 2 },
  });
  assert.equal(gaps[0]?.exporter, '192.0.2.2', 'the worst first');
  assert.deepEqual(
    (await askGaps(client, RANGE, ['192.0.2.4/31'])).map(({ exporter }) => exporter),
    ['192.0.2.4', '192.0.2.5'],
  );
});
