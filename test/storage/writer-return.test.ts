import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTo, createServer } from 'node:net';
import { test } from 'node:test';

import { FLOWS } from '../../collectors/flow/tables.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { Journal } from '../../storage/journal/journal.ts';
import { Writer } from '../../storage/writer.ts';
import { sealedBatch } from '../support/batches.ts';
import { HandClock } from '../support/hand-clock.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';

const NOON = Date.UTC(2026, 10, 22, 12) * 1000;

test('when one connection finds the database back, the others do not wait out their pauses', async (t) => {
  const database = await startTestDatabase();
  let isAway = true;
  const relay = createServer((client) => {
    if (isAway) {
      client.destroy();
      return;
    }
    const server = connectTo(`${database.address.host ?? ''}/.s.PGSQL.${database.address.port}`);
    for (const end of [client, server]) end.on('error', () => {});
    client.pipe(server).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  t.after(() => relay.close());
  const bound = relay.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  const { user = '', database: name = '' } = database.address;
  const address = { host: '127.0.0.1', port: bound.port, user, database: name };

  const journal = new Journal({ directory: await temporaryDirectory(), minFreeBytes: 0 }, systemClock, silentLog);
  await journal.open();
  const clock = new HandClock();
  const writer = new Writer(journal, { address, node: 'a', partitionBy: 'hour', connections: 2 }, clock, silentLog);
  await writer.start();
  t.after(async () => {
    await writer.stop();
    await journal.close();
  });
  for (const exporter of ['192.0.2.1', '192.0.2.2']) {
    assert.ok(await journal.append(sealedBatch(FLOWS, [{ received_at: NOON, exporter }])));
  }
  await eventually('both connections pause', () => clock.waiting === 2);

  isAway = false;
  // Pauses differ by chance: the shorter one ends.
  while (clock.waiting === 2) clock.advance(0.01);
  await eventually('both batches are written', () => writer.totals.batches === 2);
  assert.equal(clock.waiting, 0);
});
