import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { FLOWS } from '../../collectors/flow/tables.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { connect, disconnect } from '../../storage/database/database.ts';
import { EmbeddedPostgres } from '../../storage/embedded/embedded-postgres.ts';
import { Journal } from '../../storage/journal/journal.ts';
import { migrate, readMigrations } from '../../storage/database/migrations.ts';
import { Writer } from '../../storage/writer.ts';
import { sealedBatch } from '../support/batches.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';

const CHILD = new URL('../support/storage-child.ts', import.meta.url).pathname;
const ROUNDS = 8;

test('a process that is killed again and again under load loses no accepted batch and writes none twice', async () => {
  const { address, connectionString } = await startTestDatabase();
  const directory = await temporaryDirectory();
  const accepted = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const child = spawn(process.execPath, [CHILD, directory, connectionString], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    let left = 20 + round * 37;
    for await (const id of createInterface(child.stdout)) {
      if (id.length === 36) accepted.add(id);
      left -= 1;
      if (left === 0) child.kill('SIGKILL');
    }
    await exited;
  }
  const last = spawn(process.execPath, [CHILD, directory, connectionString, 'drain'], { stdio: 'inherit' });
  assert.deepEqual(await once(last, 'exit'), [0, null]);

  const client = await connect(address);
  const ledger = await client.query<{ id: string }>('SELECT id FROM batches');
  const written = new Set(ledger.rows.map((row) => row.id));
  assert.deepEqual(
    [...accepted].filter((id) => !written.has(id)),
    [],
  );
  const flows = await client.query<{ count: number }>('SELECT count(*)::int4 FROM flows');
  assert.equal(flows.rows[0]?.count, 100 * written.size);
  // One that was in the journal already when the process died before it could say so may be written: at most one a round.
  assert(written.size - accepted.size <= ROUNDS, `${written.size} written, ${accepted.size} accepted`);
  await disconnect(client);
});

test('a database server that is killed under load costs no row, and is caught up with afterwards', async () => {
  const stateDirectory = await temporaryDirectory();
  const postgres = new EmbeddedPostgres({ stateDirectory, settings: { shared_buffers: '32MB' } }, silentLog);
  await postgres.start();
  const admin = await connect(postgres.address);
  await migrate(admin, await readMigrations());
  await disconnect(admin);
  const journal = new Journal({ directory: join(stateDirectory, 'journal'), minFreeBytes: 0 }, systemClock, silentLog);
  await journal.open();
  const options = { address: postgres.address, node: 'a', partitionBy: 'day' as const };
  const writer = new Writer(journal, options, systemClock, silentLog);
  await writer.start();

  const pidFile = join(stateDirectory, 'postgresql/18/data/postmaster.pid');
  const received_at = systemClock.nowMicros();
  const rows = Array.from({ length: 200 }, (_, bytes) => ({ received_at, exporter: '192.0.2.1', bytes }));
  for (let batch = 0; batch < 150; batch += 1) {
    assert(await journal.append(sealedBatch(FLOWS, rows)));
    if (batch === 50) process.kill(Number.parseInt(await readFile(pidFile, 'utf8'), 10), 'SIGKILL');
  }
  assert(await writer.drain(60_000));
  assert(writer.totals.failures > 0 && writer.isHealthy);
  const client = await connect(postgres.address);
  const found = await client.query('SELECT count(*)::int4 AS flows, (SELECT sum(rows)::int4 FROM batches) FROM flows');
  assert.deepEqual(found.rows, [{ flows: 30_000, sum: 30_000 }]);
  await disconnect(client);
  await writer.stop();
  await journal.close();
  await postgres.stop();
});
