import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import type { CollectorStatus } from '../../src/console/status.ts';
import { type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { CollectorProcess } from '../support/collector-process.ts';
import { FaultyDatabase } from '../support/database-faults/faulty-database.ts';
import { differences, NumberedFlows } from '../support/database-faults/numbered-flows.ts';
import { lossLedger, sumOf } from '../support/loss-ledger.ts';
import { temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { smallDisk } from '../support/small-disk.ts';

// The disk of the journal is full while the database is away: what is lost is as configured, counted, and ends with its cause.

const RECORDS_PER_SECOND = 4000;
const DISK_BYTES = 24 << 20;
/** How long rows are lost: several rounds of the look at the free space. */
const FULL_MS = 4000;
/** A minute is counted as stored some seconds after its end. */
const LEDGER_MS = 120_000;
const ONLY_LONG = process.env['ALL_FAULTS'] === undefined ? 'only in npm run test:long' : false;

test('a full journal gives up its oldest rows, and has lost what the ledger says', { skip: ONLY_LONG }, async (t) => {
  const latest = await fillAndMend(t, 'dropOldest');
  if (latest !== undefined) assert.equal(latest, RECORDS_PER_SECOND, 'the latest were kept');
});

test('a full journal takes no newer rows, and has lost what the ledger says', { skip: ONLY_LONG }, async (t) => {
  const latest = await fillAndMend(t, 'dropNewest');
  if (latest !== undefined) assert.ok(latest < RECORDS_PER_SECOND / 2, `${latest} of the latest were kept`);
});

/** @returns how many are stored of those that were sent in the last second before the database came back */
async function fillAndMend(t: TestContext, whenFull: string): Promise<number | undefined> {
  const disk = await smallDisk(t, DISK_BYTES);
  if (disk === undefined) {
    t.skip('needs the right to mount a small disk');
    return undefined;
  }
  const database = await FaultyDatabase.start(t, { stateDirectory: await temporaryDirectory() });
  const folder = await temporaryDirectory();
  const collector = await CollectorProcess.start({
    folder,
    databaseUrl: database.url(),
    settings: {
      workers: 1,
      batch: { rows: 1000, bytes: '2MiB', age: '100ms' },
      journal: { directory: join(disk.directory, 'journal'), minFreeBytes: '0', segmentBytes: '2MiB', whenFull },
    },
  });
  t.after(() => collector.kill());
  const load = await NumberedFlows.start(collector.flowPort, RECORDS_PER_SECOND);
  t.after(() => load.stop());
  await eventually('rows are written', async () => (await collector.status()).writer.rows > RECORDS_PER_SECOND);
  await database.stop();
  await untilRowsAreLost(t, collector);
  await pause(FULL_MS);
  const sentWhileFull = load.sent;
  const received = async (): Promise<boolean> => (await collector.status()).flow.records >= sentWhileFull;
  await eventually('it goes on receiving', received);
  await database.start();
  await eventually('all is well again', async () => isWell(await collector.status()), 60_000);

  const sent = load.stop();
  await eventually('all is received', async () => (await collector.status()).flow.records >= sent);
  const { lostRows } = (await collector.status()).journal;
  const client = await database.connect();
  t.after(() => disconnect(client));
  await compare(t, folder, client, sent, lostRows);
  await collector.stop();
  assert.doesNotMatch(collector.output, /a process died/);
  return storedBetween(client, sentWhileFull - RECORDS_PER_SECOND, sentWhileFull);
}

/** An operator hears of it before the first row is lost. */
async function untilRowsAreLost(t: TestContext, collector: CollectorProcess): Promise<void> {
  let alarm: string | undefined;
  let last: CollectorStatus | undefined;
  await eventually(
    'rows are lost',
    async () => {
      last = await collector.status();
      const heard = last.warnings.find((warning) => /^(disk of the )?journal \d+ % full/.test(warning));
      if (last.journal.lostRows === 0) alarm ??= heard;
      return last.journal.lostRows > 0;
    },
    60_000,
  );
  assert.ok(alarm !== undefined, 'there was an alarm before');
  assert.equal(last?.ready, false);
  t.diagnostic(`${alarm} | ${last.reasons.join('; ')}`);
}

function isWell({ ready, warnings, journal }: CollectorStatus): boolean {
  return ready && warnings.length === 0 && journal.oldestMs < 1000;
}

async function compare(
  t: TestContext,
  folder: string,
  client: DatabaseClient,
  sent: number,
  lostRows: number,
): Promise<void> {
  const { missing, double, wrong } = await settledDifferences(client, sent, lostRows);
  assert.deepEqual({ double, wrong }, { double: 0, wrong: 0 });
  assert.ok(missing > 0 && missing <= lostRows, `${missing} are missing, ${lostRows} rows were lost`);
  let lines = await lossLedger(folder);
  await eventually(
    'the ledger is complete',
    async () => sumOf((lines = await lossLedger(folder)), 'stored') >= sent - missing,
    LEDGER_MS,
  );
  t.diagnostic(`${sent} sent, ${missing} missing; ${JSON.stringify(lines)}`);
  const ledger = Object.fromEntries(
    (['sent', 'lost', 'rows', 'dropped', 'rejected', 'stored', 'waiting'] as const).map((field) => [
      field,
      sumOf(lines, field),
    ]),
  );
  const stored = sent - missing;
  assert.deepEqual(ledger, { sent, lost: 0, rows: sent, dropped: missing, rejected: 0, stored, waiting: 0 });
}

/** What was received last may be on its way yet. */
async function settledDifferences(client: DatabaseClient, sent: number, lostRows: number) {
  let found = await differences(client, sent);
  const isSettled = async (): Promise<boolean> => (found = await differences(client, sent)).missing <= lostRows;
  await eventually('all that was not lost is stored', isSettled);
  return found;
}

async function storedBetween(client: DatabaseClient, from: number, to: number): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int FROM flows WHERE src_addr - inet '10.0.0.0' >= $1::int AND src_addr - inet '10.0.0.0' < $2::int`,
    [from, to],
  );
  return rows[0]?.count ?? 0;
}
