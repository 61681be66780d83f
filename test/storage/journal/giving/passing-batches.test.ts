import assert from 'node:assert/strict';
import { cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { RowIntake } from '../../../../src/collector/pipelines/row-intake.ts';
import { systemClock } from '../../../../src/runtime/clock.ts';
import { silentLog } from '../../../../src/runtime/log.ts';
import type { OpenBatch } from '../../../../storage/batch/batch.ts';
import type { DraftStore } from '../../../../storage/journal/drafts/draft-store.ts';
import { Journal, type JournalOptions } from '../../../../storage/journal/journal.ts';
import { commitNumber, drain, numberedTable, numbersOf, openJournal } from '../../../support/drafted-rows.ts';
import { HandClock } from '../../../support/hand-clock.ts';
import { temporaryDirectory } from '../../../support/postgres.ts';

const STAY_MS = 1000;
const SYNC_MS = 100;

interface Setup {
  readonly directory: string;
  readonly clock: HandClock;
  readonly journal: Journal;
  readonly intake: RowIntake;
  readonly open: OpenBatch;
}

/** A journal with a clock that stands, and batches of three rows in front of it. */
async function setUp(options: Partial<JournalOptions> = {}): Promise<Setup> {
  const directory = await temporaryDirectory();
  const clock = new HandClock();
  const journal = new Journal({ directory, minFreeBytes: 0, syncMs: SYNC_MS, ...options }, clock, silentLog);
  await journal.open();
  const intake = intakeOf(journal, journal.drafts);
  return { directory, clock, journal, intake, open: intake.open(numberedTable('flows'), 'large') };
}

function intakeOf(journal: Journal, drafts?: DraftStore): RowIntake {
  const sizes = { limits: { maxRows: 3, maxAgeMs: 600_000 }, batchBytes: 2 << 20, queueMemoryBytes: 4 << 20 };
  return new RowIntake(sizes, journal, systemClock, silentLog, drafts);
}

async function commitAll(open: OpenBatch, numbers: readonly number[], intake: RowIntake): Promise<void> {
  for (const number of numbers) commitNumber(open, number);
  await intake.settle();
}

const segmentsIn = async (directory: string): Promise<string[]> =>
  (await readdir(directory)).filter((name) => name.endsWith('.journal'));

async function segmentsAre(directory: string, count: number): Promise<void> {
  while ((await segmentsIn(directory)).length !== count) await setImmediate();
}

/** What a kill would leave, opened by the next process. */
async function afterKill(directory: string): Promise<Journal> {
  const copy = join(await temporaryDirectory(), 'copy');
  await mkdir(copy);
  const isOfOwner = (path: string): boolean => path.split('/').at(-1)?.startsWith('claim.') === true;
  await cp(directory, copy, { recursive: true, filter: (path) => !isOfOwner(path) });
  return (await openJournal(copy)).journal;
}

test('while the writer keeps up, batches pass to it in order, and no segment is written', async () => {
  const { directory, journal, intake, open } = await setUp();
  await commitAll(open, [1, 2, 3, 4, 5, 6, 7], intake);
  const { batches, rows } = journal.depth();
  assert.deepEqual([batches, rows], [3, 7]);
  assert.deepEqual((await drain(journal)).map(numbersOf), [[1, 2, 3], [4, 5, 6], [7]]);
  assert.deepEqual(await segmentsIn(directory), []);
  assert.deepEqual([journal.depth().batches, journal.depth().bytes], [0, 0]);
  const next = await afterKill(directory);
  assert.equal(next.depth().batches, 0, 'their drafts are released');
  await next.close();
  await journal.close();
});

test('a batch that was accepted on its draft, or is in the hand of the writer, outlives the process under its id', async () => {
  const { directory, journal, intake, open } = await setUp();
  await commitAll(open, [1, 2, 3, 4, 5, 6], intake);
  const inHand = await journal.next();
  const next = await afterKill(directory);
  const found = (await drain(next)).toSorted((a, b) => (numbersOf(a)[0] ?? 0) - (numbersOf(b)[0] ?? 0));
  assert.deepEqual(found.map(numbersOf), [
    [1, 2, 3],
    [4, 5, 6],
  ]);
  assert(found.some(({ id }) => id === inHand?.id));
  await next.close();
  await journal.close();
});

test('one that nobody takes in time goes into a segment, keeps its draft until that is synced, and comes once', async () => {
  const { directory, clock, journal, intake, open } = await setUp();
  await commitAll(open, [1, 2, 3], intake);
  clock.advance(STAY_MS - 1);
  await setImmediate();
  assert.deepEqual(await segmentsIn(directory), []);
  const before = journal.drafts.bytes;
  clock.advance(1);
  await segmentsAre(directory, 1);
  const { batches, rows } = journal.depth();
  assert.deepEqual([batches, rows], [1, 3]);
  for (const isSynced of [false, true]) {
    const next = await afterKill(directory);
    assert.deepEqual((await drain(next)).map(numbersOf), [[1, 2, 3]], `synced: ${isSynced}`);
    await next.close();
    clock.advance(SYNC_MS);
  }
  assert(journal.drafts.bytes <= before);
  assert.deepEqual((await drain(journal)).map(numbersOf), [[1, 2, 3]]);
  await journal.close();
  assert.deepEqual(
    (await readdir(directory)).filter((name) => !name.startsWith('claim.')),
    [],
  );
});

test('one that is given back comes next, before those in segments', async () => {
  const { clock, journal, intake, open } = await setUp();
  await commitAll(open, [1, 2, 3], intake);
  const first = await journal.next();
  assert(first);
  await commitAll(open, [4, 5, 6], intake);
  clock.advance(STAY_MS);
  // Written behind what is overdue.
  const withoutDraft = intakeOf(journal);
  await commitAll(withoutDraft.open(numberedTable('flows'), 'large'), [7], withoutDraft);
  await commitAll(open, [8], intake);
  journal.giveBack(first.id);
  assert.deepEqual((await drain(journal)).map(numbersOf), [[1, 2, 3], [4, 5, 6], [7], [8]]);
  await journal.close();
});

test('at the end those that wait, and the one in hand, go into a segment; the next start has each once', async () => {
  const { directory, journal, intake, open } = await setUp();
  await commitAll(open, [1, 2, 3, 4, 5, 6], intake);
  await journal.next();
  await journal.close();
  const { journal: next, found } = await openJournal(directory);
  assert.deepEqual([found.batches, found.rows, found.drafts], [2, 6, { batches: 0, rows: 0 }]);
  assert.deepEqual((await drain(next)).map(numbersOf), [
    [1, 2, 3],
    [4, 5, 6],
  ]);
  await next.close();
});

test('a batch goes into a segment at once where each is synced, where the memory is used up, and where its draft is not whole', async () => {
  const cases: [string, Partial<JournalOptions>, boolean][] = [
    ['synced', { syncMs: 0 }, false],
    ['no memory', { memoryBytes: 50 }, false],
    ['no draft', {}, true],
  ];
  for (const [name, options, isWithout] of cases) {
    const { directory, journal, intake, open } = await setUp(options);
    if (isWithout) await journal.drafts.close();
    await commitAll(open, [1, 2, 3], intake);
    assert.equal((await segmentsIn(directory)).length, 1, name);
    assert.deepEqual((await drain(journal)).map(numbersOf), [[1, 2, 3]], name);
    await journal.close();
  }
});

test('a bound that is reached counts those that pass', async () => {
  const { journal, intake, open } = await setUp({ maxBytes: 3000 });
  const lost: number[] = [];
  for (let number = 0; number < 60; number += 3) {
    await commitAll(open, [number, number + 1, number + 2], intake);
    lost.push(journal.lostRows.get('flows') ?? 0);
  }
  assert(lost[0] === 0 && (lost.at(-1) ?? 0) > 0);
  const kept = (await drain(journal)).reduce((rows, batch) => rows + batch.rows, 0);
  assert.equal(kept + (lost.at(-1) ?? 0), 60);
  await journal.close();
});
