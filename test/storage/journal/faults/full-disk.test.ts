import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../../../../src/runtime/clock.ts';
import { silentLog } from '../../../../src/runtime/log.ts';
import type { LostRows } from '../../../../storage/journal/lost-batch.ts';
import { Journal, type JournalOptions } from '../../../../storage/journal/journal.ts';
import { batchOf, rowsOf, takeAll } from '../../../support/journal-batches.ts';
import { temporaryDirectory } from '../../../support/postgres.ts';
import { smallDisk } from '../../../support/small-disk.ts';

const DISK_BYTES = 1 << 20;
const NO_MOUNT = 'this account cannot mount a file system';
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** minFreeBytes 0 and a bound that is far away: only the disk itself says no, in the middle of a batch. */
async function journalOn(directory: string, options: Partial<JournalOptions>, lost: LostRows[]): Promise<Journal> {
  const onLost = ({ batch, ...loss }: LostRows): void => {
    assert(batch === undefined || batch.rows === loss.rows);
    lost.push(loss);
  };
  const bounds = { minFreeBytes: 0, segmentBytes: 100_000, memoryBytes: 0 };
  const journal = new Journal({ directory, ...bounds, onLost, ...options }, systemClock, silentLog);
  await journal.open();
  return journal;
}

for (const syncMs of [0, 100]) {
  test(`a disk that is full costs the newest, all counted, and is used again when it has room (sync ${syncMs} ms)`, async (t) => {
    const disk = await smallDisk(t, DISK_BYTES);
    if (disk === undefined) return t.skip(NO_MOUNT);
    const ballast = join(disk.directory, 'ballast');
    await writeFile(ballast, Buffer.alloc(DISK_BYTES / 2));
    const lost: LostRows[] = [];
    const directory = join(disk.directory, 'journal');
    const journal = await journalOn(directory, { syncMs }, lost);
    const accepted: number[] = [];
    for (let rows = 1; rows <= 100; rows += 1) if (await journal.append(batchOf(rows, 9000))) accepted.push(rows);
    assert(accepted.length > 30 && accepted.length < 60, `${accepted.length} accepted`);
    assert.equal(sum(accepted) + (journal.lostRows.get('flows') ?? 0), 5050);
    assert.equal(sum(lost.map(({ rows }) => rows)), journal.lostRows.get('flows'));
    assert.match(journal.alarm ?? '', /journal|disk/);
    await rm(ballast);
    // The free space is looked at once a second at most.
    while (!(await journal.append(batchOf(1000, 9000)))) await setTimeout(50);
    assert.equal(journal.trouble, undefined);
    await journal.close();
    const again = await journalOn(directory, {}, lost);
    assert.deepEqual(rowsOf(await takeAll(again)), [...accepted, 1000]);
    assert.equal(again.corruptBatches, 0);
    await again.close();
  });
}

test('a disk that is full costs the oldest where that is the policy, each batch named', async (t) => {
  const disk = await smallDisk(t, DISK_BYTES);
  if (disk === undefined) return t.skip(NO_MOUNT);
  const lost: LostRows[] = [];
  const directory = join(disk.directory, 'journal');
  const journal = await journalOn(directory, { whenFull: 'dropOldest' }, lost);
  for (let rows = 1; rows <= 300; rows += 1) await journal.append(batchOf(rows, 9000));
  const left = rowsOf(await takeAll(journal));
  assert.equal(left.at(-1), 300);
  assert(left.length > 60, `${left.length} left`);
  assert.equal(sum(left) + (journal.lostRows.get('flows') ?? 0), 45_150); // 1 + 2 + … + 300
  await journal.close();
  assert.equal(sum(lost.map(({ rows }) => rows)), journal.lostRows.get('flows'));
});

test('writes that fail half-way leave nothing behind, however many there are', async (t) => {
  const disk = await smallDisk(t, DISK_BYTES);
  if (disk === undefined) return t.skip(NO_MOUNT);
  const directory = join(disk.directory, 'journal');
  const journal = await journalOn(directory, {}, []);
  // The room is gone between the look at it and the write.
  const inFlight = Array.from({ length: 200 }, (_, index) => journal.append(batchOf(index + 1, 20_000)));
  const accepted = (await Promise.all(inFlight)).flatMap((isIn, index) => (isIn ? [index + 1] : []));
  assert.equal(sum(accepted) + (journal.lostRows.get('flows') ?? 0), 20_100);
  await journal.close();
  const again = await journalOn(directory, {}, []);
  assert.deepEqual(rowsOf(await takeAll(again)), accepted);
  assert.equal(again.corruptBatches, 0);
  await again.close();
});

test('what open batches have on the disk counts towards the bound, and is given back when they are no more', async () => {
  const directory = await temporaryDirectory();
  const journal = await journalOn(directory, { maxBytes: DISK_BYTES, segmentBytes: DISK_BYTES / 8 }, []);
  const memory = Buffer.alloc(DISK_BYTES);
  const header = { id: '017f22e2-79b0-7cc3-98c4-dc0c0c07398f', table: 'flows', columns: ['a'] };
  const draft = journal.drafts.begin(header, 512);
  draft.write(memory, DISK_BYTES - 10_000, 1, 0, 0);
  assert.match(journal.alarm ?? '', /^journal 99 % full/);
  assert.equal(await journal.append(batchOf(1, 50_000)), false);
  assert.equal(journal.trouble, 'the journal is full');
  draft.release();
  assert.equal(await journal.append(batchOf(2, 50_000)), true);
  assert.equal(journal.alarm, undefined);
  await journal.close();
});

test('a journal on a disk that is full already is opened and drained, which makes room', async (t) => {
  const disk = await smallDisk(t, DISK_BYTES);
  if (disk === undefined) return t.skip(NO_MOUNT);
  const directory = join(disk.directory, 'journal');
  const first = await journalOn(directory, {}, []);
  for (let rows = 1; rows <= 20; rows += 1) await first.append(batchOf(rows, 20_000));
  await first.close();
  await assert.rejects(writeFile(join(disk.directory, 'ballast'), Buffer.alloc(DISK_BYTES)), { code: 'ENOSPC' });
  const second = await journalOn(directory, {}, []);
  const batches = await takeAll(second);
  assert.equal(batches.length, 20);
  for (const { id } of batches) second.acknowledge(id);
  while (!(await second.append(batchOf(21, 9000)))) await setTimeout(50);
  assert.deepEqual(rowsOf(await takeAll(second)), [21]);
  await second.close();
});

test('a disk that is small beside the bound of the journal has room for senders that can wait, but not when it is full', async (t) => {
  const disk = await smallDisk(t, DISK_BYTES);
  if (disk === undefined) return t.skip(NO_MOUNT);
  const journal = await journalOn(join(disk.directory, 'journal'), { maxBytes: 10 * 2 ** 30 }, []);
  assert.equal(journal.hasRoom(), true);
  while (await journal.append(batchOf(1, 9000)));
  assert.equal(journal.hasRoom(), false);
  for (const { id } of await takeAll(journal)) journal.acknowledge(id);
  while (!journal.hasRoom()) await setTimeout(50);
  await journal.close();
});

test('a folder that cannot be written is refused at the start, with what to do', async (t) => {
  const disk = await smallDisk(t, DISK_BYTES);
  if (disk === undefined) return t.skip(NO_MOUNT);
  disk.setReadOnly(true);
  const options = { directory: join(disk.directory, 'journal') };
  await assert.rejects(new Journal(options, systemClock, silentLog).open(), (error: Error & { remedy?: string }) => {
    assert.match(error.message, /journal folder .*\/journal cannot be used/);
    assert.match(error.remedy ?? '', /journal\.directory/);
    return true;
  });
});
