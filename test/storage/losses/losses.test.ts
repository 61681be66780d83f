import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import { FLOWS } from '../../../collectors/flow/tables.ts';
import { connect, disconnect } from '../../../storage/database/database.ts';
import { insertBatch, prepareSession } from '../../../storage/database/insert-batch.ts';
import { originOfRow } from '../../../storage/losses/row-origin.ts';
import { type Row, sealedBatch } from '../../support/batches.ts';
import { startTestDatabase } from '../../support/postgres.ts';

const NOON = Date.UTC(2026, 10, 22, 12) * 1000;
const NONE = { received: 0, rows: 0, duplicates: 0, reordered: 0, restarts: 0, undecodable: 0, held: 0 };
const NONE_EITHER = { held_decoded: 0, held_expired: 0, filtered: 0, kernel_drops: 0, dropped: 0 };

function loss(minute: number, [account, version]: readonly [number, number], datagrams: number, lost: number): Row {
  return {
    ...NONE,
    ...NONE_EITHER,
    minute,
    observation_domain: 7,
    account,
    version,
    datagrams,
    lost,
    sender: '192.0.2.1',
    family: 'flow',
    protocol: 'ipfix',
    reasons: '{"bad_count":1}',
  };
}

test('of an account and minute the latest row counts, whatever the order; accounts and minutes stay apart', async () => {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  await prepareSession(client);
  const first = [loss(NOON, [1, 2], 10, 3), loss(NOON, [1, 6], 16, 2), loss(NOON, [2, 2], 5, 0)];
  const second = [loss(NOON, [1, 4], 12, 3), loss(NOON, [2, 3], 6, 1), loss(NOON + 60_000_000, [1, 8], 2, 1)];
  for (const rows of [first, second]) await insertBatch(client, sealedBatch(LOSSES, rows), 'a');
  const found = await client.query(
    'SELECT extract(minute FROM minute)::int AS minute, account::int, datagrams::int, lost::int, reasons FROM losses ORDER BY losses.minute, account',
  );
  const reasons = { bad_count: 1 };
  assert.deepEqual(found.rows, [
    { minute: 0, account: 1, datagrams: 16, lost: 2, reasons },
    { minute: 0, account: 2, datagrams: 6, lost: 1, reasons },
    { minute: 1, account: 1, datagrams: 2, lost: 1, reasons },
  ]);
  await disconnect(client);
  await database.stop();
});

test('a row tells who sent it and when it was received, and bytes that are no row tell nothing', () => {
  const { body, columns } = sealedBatch(FLOWS, [{ received_at: NOON, exporter: '192.0.2.1' }]);
  assert.deepEqual(originOfRow(columns, body), { sender: '192.0.2.1', receivedAt: new Date(NOON / 1000) });
  assert.deepEqual(originOfRow(columns, body.subarray(0, 5)), { sender: null, receivedAt: null });
});
