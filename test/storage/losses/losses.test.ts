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
const NONE = { rows: 0, duplicates: 0, reordered: 0, restarts: 0, undecodable: 0, held: 0, held_expired: 0 };

function loss(minute: number, datagrams: number, lost: number): Row {
  return {
    ...NONE,
    minute,
    observation_domain: 7,
    datagrams,
    lost,
    sender: '192.0.2.1',
    family: 'flow',
    protocol: 'ipfix',
  };
}

test('losses of a minute add up over rows and batches, and minutes stay apart', async () => {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  await prepareSession(client);
  const first = sealedBatch(LOSSES, [loss(NOON, 10, 3), loss(NOON, 5, 0), loss(NOON + 60_000_000, 2, 1)]);
  // What was missing came late.
  const second = sealedBatch(LOSSES, [loss(NOON, 1, -1)]);
  for (const batch of [first, second]) await insertBatch(client, batch, 'a');
  const found = await client.query(
    'SELECT extract(minute FROM minute)::int AS minute, datagrams::int, lost::int FROM losses ORDER BY losses.minute',
  );
  assert.deepEqual(found.rows, [
    { minute: 0, datagrams: 16, lost: 2 },
    { minute: 1, datagrams: 2, lost: 1 },
  ]);
  await disconnect(client);
  await database.stop();
});

test('a row tells who sent it and when it was received, and bytes that are no row tell nothing', () => {
  const { body, columns } = sealedBatch(FLOWS, [{ received_at: NOON, exporter: '192.0.2.1' }]);
  assert.deepEqual(originOfRow(columns, body), { sender: '192.0.2.1', receivedAt: new Date(NOON / 1000) });
  assert.deepEqual(originOfRow(columns, body.subarray(0, 5)), { sender: null, receivedAt: null });
});
