import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { FLOWS } from '../../../../collectors/flow/tables.ts';
import type { Clock } from '../../../../src/runtime/clock.ts';
import { systemClock } from '../../../../src/runtime/clock.ts';
import { silentLog } from '../../../../src/runtime/log.ts';
import type { SealedBatch } from '../../../../storage/batch/batch-format.ts';
import { connect, type DatabaseAddress, disconnect } from '../../../../storage/database/database.ts';
import { encodeRecord } from '../../../../storage/journal/claim/claim-record.ts';
import { ownIdentity } from '../../../../storage/journal/claim/process-identity.ts';
import { Journal } from '../../../../storage/journal/journal.ts';
import {
  journalFolders,
  journalFoldersDepth,
  workerFolder,
} from '../../../../storage/journal/orphans/journal-folders.ts';
import { OrphanJournals } from '../../../../storage/journal/orphans/orphan-journals.ts';
import { sealedBatch } from '../../../support/batches.ts';
import { steppedClock } from '../../../support/journal-batches.ts';
import { startTestDatabase, temporaryDirectory } from '../../../support/postgres.ts';

const CHILD = new URL('../../../support/storage-child.ts', import.meta.url).pathname;
const CLAIM_TIMEOUT_MS = 30_000;

function flows(rows: number): SealedBatch {
  const row = { received_at: systemClock.nowMicros(), exporter: '192.0.2.1', bytes: rows };
  return sealedBatch(
    FLOWS,
    Array.from({ length: rows }, () => row),
  );
}

/** A folder with a batch of each of these numbers of rows, which nobody owns. */
async function leftFolder(directory: string, rows: readonly number[]): Promise<void> {
  const journal = new Journal({ directory, minFreeBytes: 0 }, systemClock, silentLog);
  await journal.open();
  for (const each of rows) assert(await journal.append(flows(each)));
  await journal.close();
}

function orphansOf(root: string, address: DatabaseAddress, clock: Clock = systemClock): OrphanJournals {
  const writer = { address, node: 'a', partitionBy: 'hour' as const };
  const options = { root, node: 'a', workers: 2, claimTimeoutMs: CLAIM_TIMEOUT_MS, writer };
  return new OrphanJournals(options, clock, silentLog);
}

async function storedRows(address: DatabaseAddress): Promise<number> {
  const client = await connect(address);
  const { rows } = await client.query<{ count: number }>('SELECT count(*)::int4 FROM flows');
  await disconnect(client);
  return rows[0]?.count ?? 0;
}

test('folders of other nodes, of workers that are no more and of an earlier version are written once, and removed', async () => {
  const database = await startTestDatabase();
  const { address } = database;
  const root = await temporaryDirectory();
  await leftFolder(workerFolder(root, 'b', 0), [1, 2]);
  await leftFolder(workerFolder(root, 'a', 5), [10]);
  await leftFolder(`${workerFolder(root, 'a', 0)}.0badcafe`, []);
  await leftFolder(root, [100]);
  await writeFile(join(root, 'owner'), '999999999 1\n');
  assert.equal((await journalFoldersDepth(root)).folders, 3);
  const orphans = orphansOf(root, address);
  assert.equal(await orphans.look(), 4);
  assert.equal(await storedRows(address), 113);
  assert.deepEqual(orphans.status().recovered, {
    'an earlier version': { folders: 1, batches: 1, rows: 100 },
    a: { folders: 2, batches: 1, rows: 10 },
    b: { folders: 1, batches: 2, rows: 3 },
  });
  assert.deepEqual([orphans.status().adopting, orphans.status().trouble], [undefined, undefined]);
  assert.deepEqual(await journalFolders(root), []);
  assert.equal(await orphans.look(), 0);
  assert.deepEqual(await journalFoldersDepth(root), { folders: 0, bytes: 0 });
  await database.stop();
});

test('what a killed process left is written by another one, each batch that it had accepted', async () => {
  const database = await startTestDatabase();
  const { address } = database;
  const root = await temporaryDirectory();
  const child = spawn(process.execPath, [CHILD, workerFolder(root, 'b', 3), database.connectionString], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.length > 37 * 60) child.kill('SIGKILL');
  }
  await exited;
  const accepted = output.split('\n').filter((id) => id.length === 36);
  const orphans = orphansOf(root, address);
  assert.equal(await orphans.look(), 1);
  const client = await connect(address);
  const { rows } = await client.query<{ id: string }>('SELECT id FROM batches');
  const written = new Set(rows.map(({ id }) => id));
  await disconnect(client);
  assert.deepEqual(
    accepted.filter((id) => !written.has(id)),
    [],
  );
  assert.equal(await storedRows(address), 100 * written.size);
  await database.stop();
});

test('a folder in use is left alone, and one of another machine until its owner was silent for the timeout', async () => {
  const database = await startTestDatabase();
  const { address } = database;
  const root = await temporaryDirectory();
  const directory = workerFolder(root, 'a', 7);
  const living = new Journal({ directory, minFreeBytes: 0, claimTimeoutMs: 60 }, systemClock, silentLog);
  await living.open();
  const signOfLife = async (): Promise<void> => {
    const path = join(directory, 'claim.1');
    const before = await readFile(path, 'utf8');
    while ((await readFile(path, 'utf8')) === before) await setTimeout(5);
  };
  await living.append(flows(1));
  const far = workerFolder(root, 'b', 0);
  await leftFolder(far, [5]);
  const claim = { id: 'x', node: 'b', ...ownIdentity(), bootId: 'another', purpose: 'own' as const, beat: 3 };
  await writeFile(join(far, 'claim.4'), encodeRecord(claim));
  const clock = steppedClock();
  const orphans = orphansOf(root, address, clock);
  assert.equal(await orphans.look(), 0);
  clock.sleepFor(CLAIM_TIMEOUT_MS - 5000);
  await signOfLife();
  await living.append(flows(1));
  assert.equal(await orphans.look(), 0);
  await writeFile(join(far, 'claim.4'), encodeRecord({ ...claim, beat: 4 }));
  assert.equal(await orphans.look(), 0);
  clock.sleepFor(CLAIM_TIMEOUT_MS - 5000);
  await signOfLife();
  assert.equal(await orphans.look(), 0);
  await living.close();
  clock.sleepFor(5001);
  await orphans.look();
  assert.equal(await storedRows(address), 7);
  await database.stop();
});

test('a folder that a worker of this node may be about to take is left to it once', async () => {
  const database = await startTestDatabase();
  const { address } = database;
  const root = await temporaryDirectory();
  await leftFolder(workerFolder(root, 'a', 1), [4]);
  const orphans = orphansOf(root, address);
  assert.equal(await orphans.look(), 0);
  assert.equal(await orphans.look(), 1);
  assert.equal(await storedRows(address), 4);
  await database.stop();
});

test('a survivor that ends in the middle leaves the rest to the next one', async () => {
  const database = await startTestDatabase();
  const { address } = database;
  const root = await temporaryDirectory();
  await leftFolder(workerFolder(root, 'b', 0), [1, 2, 3]);
  const nowhere = orphansOf(root, { host: '127.0.0.1', port: 1 });
  await nowhere.start();
  while (nowhere.status().adopting === undefined) await setTimeout(5);
  assert.deepEqual(nowhere.status().adopting?.rows, 6);
  const next = orphansOf(root, address);
  assert.equal(await next.look(), 0);
  await nowhere.stop();
  assert.equal(await next.look(), 1);
  assert.equal(await storedRows(address), 6);
  await database.stop();
});

test('a folder with files that are not batches is emptied of batches, and kept', async () => {
  const database = await startTestDatabase();
  const { address } = database;
  const root = await temporaryDirectory();
  const directory = workerFolder(root, 'b', 0);
  await leftFolder(directory, [2]);
  await writeFile(join(directory, '0000000000000001.journal.0.corrupt'), 'x');
  await mkdir(join(root, 'lost+found'));
  const orphans = orphansOf(root, address);
  assert.equal(await orphans.look(), 1);
  assert.deepEqual(await readdir(directory), ['0000000000000001.journal.0.corrupt']);
  assert.equal(await orphans.look(), 0);
  assert.equal(await storedRows(address), 2);
  await database.stop();
});
