import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createLoad } from '../../src/traffic/load.ts';
import { sendLoad, type SendReport } from '../../src/traffic/send-load.ts';
import { decodeBatch } from '../../storage/batch/batch-format.ts';
import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { CollectorProcess } from '../support/collector-process.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';

const CRASHES = process.env['ALL_FAULTS'] === undefined ? 3 : 20;
const RECORDS_PER_SECOND = 30_000;

test('killed at any moment under load and started again, the collector misses no journaled batch and writes none twice', async () => {
  const folder = await temporaryDirectory();
  const database = await startTestDatabase();
  const client = await connect(database.address);
  // Small batches and segments, so that a crash can fall on any step of their life.
  const settings = { batch: { rows: 500, age: '20ms' }, journal: { segmentBytes: '4MiB', sync: '10ms' } };
  const options = { folder, databaseUrl: database.connectionString, settings };
  const journaled = new Map<string, number>();
  let flowPort = 0;
  for (let crash = 0; crash < CRASHES; crash += 1) {
    const collector = await CollectorProcess.start({ ...options, flowPort });
    flowPort = collector.flowPort;
    const { stop, sent } = startLoad(flowPort, crash);
    await pause(200 + Math.random() * 1000);
    await collector.kill();
    stop();
    await sent;
    for (const [id, rows] of await batchesOnDisk(folder)) journaled.set(id, rows);
  }

  const collector = await CollectorProcess.start({ ...options, flowPort });
  const { sent } = startLoad(flowPort, CRASHES, 1000);
  const last = await sent;
  await collector.stop();

  const ledger = await readLedger(client);
  assert.notEqual(journaled.size, 0, 'crashes left batches in the journal');
  for (const [id, rows] of journaled) assert.equal(ledger.get(id), rows, `batch ${id} of the journal is in the ledger`);
  const rowsInLedger = [...ledger.values()].reduce((sum, rows) => sum + rows, 0);
  assert.equal(await countFlows(client), rowsInLedger, 'the table holds each batch of the ledger once');
  assert.ok(rowsInLedger >= last.totals.records, 'the last run, which was not killed, is stored');
  assert.deepEqual(await batchesOnDisk(folder), new Map(), 'nothing waits in the journal');

  await disconnect(client);
});

function startLoad(port: number, seed: number, durationMs = 10_000): { stop: () => void; sent: Promise<SendReport> } {
  const stopped = new AbortController();
  const sent = sendLoad(createLoad({ protocol: 'v9', exporters: 5, seed: seed + 1 }), {
    target: { address: '127.0.0.1', port, family: 4 },
    recordsPerSecond: RECORDS_PER_SECOND,
    durationMs,
    signal: stopped.signal,
  });
  return { stop: () => stopped.abort(), sent };
}

/** Id and rows of the batches of flows that are whole in the journal's segments, written to the database or not. */
async function batchesOnDisk(folder: string): Promise<Map<string, number>> {
  const batches = new Map<string, number>();
  for await (const file of glob('journal/**/*.journal', { cwd: folder })) {
    const bytes = await readFile(join(folder, file));
    for (let at = 0; at < bytes.length;) {
      const batch = decodeBatch(bytes.subarray(at));
      if (batch === undefined) break; // the torn end
      if (batch.table === 'flows') batches.set(batch.id, batch.rows);
      at += batch.encoded.length;
    }
  }
  return batches;
}

async function readLedger(client: DatabaseClient): Promise<Map<string, number>> {
  const { rows } = await client.query<{ id: string; rows: number }>(
    `SELECT id, rows FROM batches WHERE table_name = 'flows'`,
  );
  return new Map(rows.map((batch) => [batch.id, batch.rows]));
}

async function countFlows(client: DatabaseClient): Promise<number> {
  const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM flows');
  return Number(rows[0]?.count);
}
