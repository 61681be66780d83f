import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { systemClock } from '../../../../src/runtime/clock.ts';
import { silentLog } from '../../../../src/runtime/log.ts';
import { ClaimWatch } from '../../../../storage/journal/claim/claim-watch.ts';
import { Journal, type JournalOptions } from '../../../../storage/journal/journal.ts';
import { removeFolder } from '../../../../storage/journal/orphans/journal-folders.ts';
import { batchOf, rowsOf, steppedClock, type SteppedClock, takeAll } from '../../../support/journal-batches.ts';
import { temporaryDirectory } from '../../../support/postgres.ts';

const CLAIM_TIMEOUT_MS = 30_000;

/** The journal of a process that is stopped whenever its clock sleeps: it gives no signs of life by itself. */
async function sleepyJournal(
  options: Partial<JournalOptions> = {},
): Promise<{ directory: string; clock: SteppedClock; journal: Journal }> {
  const directory = join(await temporaryDirectory(), 'a', '0');
  const clock = steppedClock(false);
  const bounds = { minFreeBytes: 0, claimTimeoutMs: CLAIM_TIMEOUT_MS };
  const journal = new Journal({ directory, ...bounds, ...options }, clock, silentLog);
  await journal.open();
  return { directory, clock, journal };
}

/** Somebody who sees the folder unchanged for the timeout, and takes it. */
async function adopterOf(directory: string): Promise<Journal> {
  const clock = steppedClock();
  const watch = new ClaimWatch(CLAIM_TIMEOUT_MS, clock);
  await watch.look(directory);
  clock.sleepFor(CLAIM_TIMEOUT_MS);
  const claim = { claimTimeoutMs: CLAIM_TIMEOUT_MS, claimWaitMs: 0, purpose: 'adopt' as const, watch };
  const journal = new Journal({ directory, minFreeBytes: 0, memoryBytes: 0, ...claim }, clock, silentLog);
  await journal.open();
  return journal;
}

async function emptied(adopter: Journal, directory: string): Promise<number[]> {
  const batches = await takeAll(adopter);
  for (const { id } of batches) adopter.acknowledge(id);
  await adopter.close();
  await removeFolder({ directory, node: 'a' });
  return rowsOf(batches);
}

test('a process that slept goes on in its folder when nobody took it', async () => {
  const { directory, clock, journal } = await sleepyJournal();
  await journal.append(batchOf(1));
  clock.sleepFor(10 * CLAIM_TIMEOUT_MS);
  assert.equal(await journal.append(batchOf(2)), true);
  assert.equal(journal.directory, directory);
  assert.deepEqual(rowsOf(await takeAll(journal)), [1, 2]);
  await journal.close();
});

for (const isRemoved of [false, true]) {
  test(`a process that lost its folder while it slept accepts into a fresh one only (${isRemoved ? 'removed' : 'in use'})`, async () => {
    const { directory, clock, journal } = await sleepyJournal();
    for (const rows of [1, 2]) await journal.append(batchOf(rows));
    const inHand = await journal.next();
    const adopter = await adopterOf(directory);
    const early = isRemoved ? await emptied(adopter, directory) : undefined;
    clock.sleepFor(2 * CLAIM_TIMEOUT_MS);
    // Also batches that are written at once with the one that finds it out.
    const appended = await Promise.all([3, 4, 5].map((rows) => journal.append(batchOf(rows))));
    assert.deepEqual(appended, [true, true, true]);
    assert.equal(dirname(journal.directory), dirname(directory));
    assert.match(basename(journal.directory), /^0\.[0-9a-f]{8}$/);
    // The writer had it when the folder was lost: whether it wrote it or not, the other one writes it.
    journal.giveBack(inHand?.id ?? '');
    const batches = await takeAll(journal);
    assert.deepEqual(rowsOf(batches), [3, 4, 5]);
    // The other one may also find what was written there before the loss was noticed: it has the same id.
    const drained = early ?? (await emptied(adopter, directory));
    assert.deepEqual(drained.slice(0, 2), [1, 2]);
    for (const { id } of batches) journal.acknowledge(id);
    assert.equal(journal.lostRows.size, 0);
    assert.equal(journal.depth().batches, 0);
    const fresh = journal.directory;
    await journal.close();
    assert.deepEqual(await readdir(fresh), []);
  });
}

test('batches that are gone with the folder are not taken for damaged ones', async () => {
  const { directory, clock, journal } = await sleepyJournal({ memoryBytes: 0 });
  for (const rows of [1, 2, 3]) await journal.append(batchOf(rows));
  await emptied(await adopterOf(directory), directory);
  clock.sleepFor(2 * CLAIM_TIMEOUT_MS);
  const next = journal.next();
  while (journal.directory === directory && journal.depth().batches > 0) {
    // The files are open still: they may be read, and are written twice, which the ledger knows.
    const batch = await Promise.race([next, setImmediate(undefined)]);
    if (batch !== undefined) break;
  }
  await journal.append(batchOf(4));
  assert.notEqual(journal.directory, directory);
  assert.deepEqual([journal.corruptBatches, journal.lostRows.size], [0, 0]);
  await journal.close();
  assert((await next) !== undefined);
});

test('a folder whose owner only empties it is left to it, and a worker begins beside it', async () => {
  const { directory, journal } = await sleepyJournal();
  await journal.append(batchOf(1));
  await journal.close();
  const adopter = new Journal({ directory, minFreeBytes: 0, purpose: 'adopt' }, systemClock, silentLog);
  await adopter.open();
  const worker = new Journal({ directory, minFreeBytes: 0 }, systemClock, silentLog);
  await worker.open();
  assert.match(basename(worker.directory), /^0\./);
  assert.equal(await worker.append(batchOf(2)), true);
  assert.deepEqual([rowsOf(await takeAll(adopter)), rowsOf(await takeAll(worker))], [[1], [2]]);
  await adopter.close();
  await worker.close();
});
