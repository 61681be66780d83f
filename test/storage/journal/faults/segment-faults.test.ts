import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../../src/runtime/clock.ts';
import { silentLog } from '../../../../src/runtime/log.ts';
import { Journal, type JournalOptions } from '../../../../storage/journal/journal.ts';
import type { LostRows } from '../../../../storage/journal/lost-batch.ts';
import { batchOf, rowsOf, steppedClock, takeAll } from '../../../support/journal-batches.ts';
import { temporaryDirectory } from '../../../support/postgres.ts';

const BODY_BYTES = 1000;

async function journalIn(directory: string, options: Partial<JournalOptions> = {}): Promise<Journal> {
  const journal = new Journal({ directory, minFreeBytes: 0, ...options }, systemClock, silentLog);
  await journal.open();
  return journal;
}

/** A folder with segments of four batches each, of 1, 2, 3 … rows. @returns paths of the segments */
async function leftSegments(directory: string, count: number): Promise<string[]> {
  const encodedBytes = batchOf(1, BODY_BYTES).encoded.length;
  const journal = await journalIn(directory, { segmentBytes: encodedBytes * 4 - 10 });
  for (let rows = 1; rows <= count * 4; rows += 1) await journal.append(batchOf(rows, BODY_BYTES));
  await journal.close();
  const names = (await readdir(directory)).filter((name) => name.endsWith('.journal')).toSorted();
  assert.equal(names.length, count);
  return names.map((name) => join(directory, name));
}

/** Opens the journal, takes all out of it, and closes it. @returns rows of the batches, and the files that are left */
async function drained(directory: string, lost: LostRows[] = []): Promise<{ rows: number[]; files: string[] }> {
  const journal = await journalIn(directory, { onLost: (loss) => lost.push(loss) });
  const batches = await takeAll(journal);
  for (const { id } of batches) journal.acknowledge(id);
  await journal.close();
  return { rows: rowsOf(batches), files: await readdir(directory) };
}

test('whichever bit of a segment flips, at most one batch is lost, and never silently', async () => {
  const template = await temporaryDirectory();
  const [older = '', newer = ''] = await leftSegments(template, 2);
  const bytes = await readFile(older);
  // Every bit of the first batch's prefix, and some of each other part.
  const bits = [...Array.from({ length: 16 * 8 }, (_, bit) => bit), 16 * 8 + 100, 1200, 4000, 9000, 17_003];
  for (const isLast of [false, true]) {
    for (const bit of isLast ? bits.filter((_, index) => index % 7 === 0) : bits) {
      const directory = await temporaryDirectory();
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await writeFile(join(directory, '0000000000000001.journal'), flipped);
      if (!isLast) await copyFile(newer, join(directory, '0000000000000002.journal'));
      const { rows, files } = await drained(directory);
      const expected = isLast ? 3 : 7;
      const kept = files.filter((name) => /\.(corrupt|dwb.)$/.test(name));
      assert(rows.length === expected && kept.length === 1, `bit ${bit}: ${String(rows)} ${String(files)}`);
    }
  }
});

test('a segment that was cut short or emptied costs what was cut off, and the others come', async () => {
  const lengths = [0, 1, 15, 700, 1500, 3500];
  for (const length of lengths) {
    const directory = await temporaryDirectory();
    const [first = ''] = await leftSegments(directory, 3);
    const batchBytes = (await readFile(first)).length / 4;
    await truncate(first, length);
    const { rows } = await drained(directory);
    const whole = Math.floor(length / batchBytes);
    assert.deepEqual(rows, [...[1, 2, 3, 4].slice(0, whole), 5, 6, 7, 8, 9, 10, 11, 12]);
  }
});

for (const [version, isLast] of [
  ['DWB0', false],
  ['DWB2', false],
  ['DWB2', true],
] as const) {
  test(`a segment of format ${version} is reported and kept, and the rest comes (${isLast ? 'last' : 'first'})`, async () => {
    const directory = await temporaryDirectory();
    const paths = await leftSegments(directory, 2);
    const path = paths.at(isLast ? -1 : 0) ?? '';
    const foreign = Buffer.concat([Buffer.from(version), Buffer.alloc(5000, 0xa5)]);
    await writeFile(path, foreign);
    const journal = new Journal({ directory, minFreeBytes: 0 }, systemClock, silentLog);
    assert.equal((await journal.open()).otherVersions, 1);
    const batches = await takeAll(journal);
    assert.deepEqual(rowsOf(batches), isLast ? [1, 2, 3, 4] : [5, 6, 7, 8]);
    for (const { id } of batches) journal.acknowledge(id);
    await journal.close();
    assert.deepEqual(await readFile(`${path}.${version.toLowerCase()}`), foreign);
    assert.deepEqual((await drained(directory)).files.length, 1);
  });
}

test('what a program of another version kept aside for this one is written after all', async () => {
  const directory = await temporaryDirectory();
  const [path = ''] = await leftSegments(directory, 1);
  await rename(path, `${path}.dwb1`);
  assert.deepEqual(await drained(directory), { rows: [1, 2, 3, 4], files: [] });
});

test('a damaged batch is told as lost once, with its table and rows', async () => {
  for (const count of [1, 2]) {
    const directory = await temporaryDirectory();
    const [path = ''] = await leftSegments(directory, count);
    const bytes = await readFile(path);
    bytes[500] = (bytes[500] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const lost: LostRows[] = [];
    await drained(directory, lost);
    assert.deepEqual(lost, [{ table: 'flows', rows: 1, why: 'damaged on the disk' }]);
  }
});

test('a wall clock that steps by an hour, either way, changes no age, no order and no sync', async () => {
  for (const step of [3_600_000, -3_600_000]) {
    const clock = steppedClock();
    const directory = await temporaryDirectory();
    const journal = new Journal({ directory, minFreeBytes: 0, segmentBytes: 3000 }, clock, silentLog);
    await journal.open();
    for (const rows of [1, 2, 3]) await journal.append(batchOf(rows, 2000, 'flows', clock.nowMicros()));
    clock.stepBy(step);
    const ageOf = ({ oldestMs }: { oldestMs: number }): number => Math.floor(oldestMs / 60_000);
    assert.equal(ageOf(journal.depth()), 0);
    for (const rows of [4, 5, 6]) await journal.append(batchOf(rows, 2000, 'flows', clock.nowMicros()));
    clock.sleepFor(120_000);
    assert.deepEqual([ageOf(journal.depth()), journal.depth().batches], [2, 6]);
    const first = await journal.next();
    assert.equal(ageOf(journal.depth()), 2);
    journal.giveBack(first?.id ?? '');
    const batches = await takeAll(journal);
    assert.deepEqual(rowsOf(batches), [1, 2, 3, 4, 5, 6]);
    await journal.append(batchOf(7, 2000, 'flows', clock.nowMicros()));
    for (const { id } of batches) journal.acknowledge(id);
    assert.equal(ageOf(journal.depth()), 0);
    await journal.close();
    const next = await journalIn(directory);
    assert.deepEqual(rowsOf(await takeAll(next)), [7]);
    await next.close();
  }
});

test('a segment that the system does not let us read is left as it is, and the others are written', async () => {
  const directory = await temporaryDirectory();
  await leftSegments(directory, 2);
  await mkdir(join(directory, '0000000000000001.journal')); // no file, so that root cannot read it either
  const journal = await journalIn(directory);
  assert.equal(journal.unreadableFiles, 1);
  assert.deepEqual(rowsOf(await takeAll(journal)), [1, 2, 3, 4, 5, 6, 7, 8]);
  await journal.close();
  const adopting = new Journal({ directory, purpose: 'adopt' }, systemClock, silentLog);
  await assert.rejects(adopting.open(), { code: 'EISDIR' });
});
