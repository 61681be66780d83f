import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FLOWS } from '../../collectors/flow/tables.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { connect, disconnect } from '../../storage/database/database.ts';
import { Journal } from '../../storage/journal/journal.ts';
import { Writer } from '../../storage/writer.ts';
import { sealedBatch } from '../support/batches.ts';
import { DatabaseWire } from '../support/database-faults/database-wire.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';

const NOON = Date.UTC(2026, 10, 22, 12) * 1000;

test('a connection that a firewall forgot is given up, and the batch is written once over another', async (t) => {
  const database = await startTestDatabase();
  const { host = '', port = 0, user = '', database: name = '' } = database.address;
  const wire = await DatabaseWire.open(t, `${host}/.s.PGSQL.${port}`);
  const journal = new Journal({ directory: await temporaryDirectory(), minFreeBytes: 0 }, systemClock, silentLog);
  await journal.open();
  const address = { host: '127.0.0.1', port: wire.port, user, database: name };
  const options = { address, node: 'a', partitionBy: 'hour' as const, connections: 1, batchTimeoutMs: 1000 };
  const writer = new Writer(journal, options, systemClock, silentLog);
  await writer.start();
  t.after(async () => {
    await writer.stop();
    await journal.close();
  });
  const store = async (): Promise<void> => {
    assert.ok(await journal.append(sealedBatch(FLOWS, [{ received_at: NOON, exporter: '192.0.2.1' }])));
    assert.ok(await writer.drain(20_000));
  };
  await store();

  wire.lose();
  await store();

  assert.equal(writer.totals.failures, 1, 'one attempt got no answer');
  assert.equal(writer.trouble, undefined);
  const client = await connect(database.address);
  const { rows } = await client.query('SELECT count(*)::int AS rows FROM flows');
  await disconnect(client);
  assert.deepEqual(rows, [{ rows: 2 }]);
});
