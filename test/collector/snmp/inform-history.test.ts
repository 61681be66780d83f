import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { SNMP_TRAPS } from '../../../collectors/snmp/tables.ts';
import { InformHistory } from '../../../src/collector/snmp/inform-history.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { connect, disconnect } from '../../../storage/database/database.ts';
import { coverTimes } from '../../../storage/database/partitions.ts';
import { sealedBatch } from '../../support/batches.ts';
import { startTestDatabase, temporaryDirectory } from '../../support/postgres.ts';

test('informs of the last minutes are told at the start, and again when the journal has been written', async (context) => {
  const database = await startTestDatabase();
  context.after(() => database.stop());
  const client = await connect(database.address);
  context.after(() => disconnect(client));
  const now = systemClock.nowMicros();
  await coverTimes(client, SNMP_TRAPS.table, [now, now - 3_600_000_000], 'hour');
  const insert = (key: number, secondsAgo: number): Promise<unknown> =>
    client.query(
      `INSERT INTO snmp_traps (received_at, pdu, device, inform_key) VALUES (now() - $1::float8 * interval '1 s', 'i', '192.0.2.1', $2)`,
      [secondsAgo, Buffer.from([key])],
    );
  await insert(1, 3000);
  await insert(2, 60);
  await client.query(`INSERT INTO snmp_traps (received_at, pdu, device) VALUES (now(), 't', '192.0.2.1')`);

  const told: (number | undefined)[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  let hasLeftovers = true;
  const history = new InformHistory(
    { database: database.address, journalDirectory: '/nowhere', hasLeftovers: () => hasLeftovers },
    ({ key }) => {
      told.push(key[0]);
      if (key[0] === 3) resolve();
    },
    systemClock,
    silentLog,
  );
  const alive = setInterval(() => {}, 1000);
  context.after(() => clearInterval(alive));
  await history.start();
  assert.deepEqual(told, [2]);
  await insert(3, 1);
  hasLeftovers = false;
  await promise;
  assert.deepEqual(told, [2, 2, 3]);
  await history.stop();
});

test('informs that other workers of the node have accepted are known, whatever folder they went to', async () => {
  const node = await temporaryDirectory();
  for (const [folder, key] of Object.entries({ 0: 'a', 1: 'own', '1.7f3a9b21': 'b', accounts: 'no journal' })) {
    await mkdir(join(node, folder));
    const row = { received_at: systemClock.nowMicros(), pdu: 'i', inform_key: key };
    await writeFile(join(node, folder, '0000000000000001.journal'), sealedBatch(SNMP_TRAPS, [row]).encoded);
  }
  const told: string[] = [];
  const nowhere = { host: join(node, 'nowhere'), port: 1, user: 'nobody', database: 'none' };
  const history = new InformHistory(
    { database: nowhere, journalDirectory: join(node, '1'), hasLeftovers: () => false },
    ({ key }) => told.push(key.toString()),
    systemClock,
    silentLog,
  );
  await history.start();
  await history.stop();
  assert.deepEqual(told.toSorted(), ['a', 'b', 'own']);
  told.length = 0;
  await history.lookAtOthers();
  assert.deepEqual(told.toSorted(), ['a', 'b']);
});
