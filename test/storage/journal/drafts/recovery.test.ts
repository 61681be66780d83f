import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../../src/runtime/clock.ts';
import { silentLog } from '../../../../src/runtime/log.ts';
import { decodeBatch, type SealedBatch } from '../../../../storage/batch/batch-format.ts';
import { OpenBatch } from '../../../../storage/batch/batch.ts';
import { BufferPool } from '../../../../storage/batch/buffer-pool.ts';
import type { Draft } from '../../../../storage/journal/drafts/draft.ts';
import { DraftStore } from '../../../../storage/journal/drafts/draft-store.ts';
import { recoverDrafts } from '../../../../storage/journal/drafts/recover-drafts.ts';
import {
  commitNumber,
  drain,
  endOfTurn,
  numberedTable,
  numbersOf,
  openJournal,
} from '../../../support/drafted-rows.ts';
import { temporaryDirectory } from '../../../support/postgres.ts';
import { smallDisk } from '../../../support/small-disk.ts';

interface Sealed {
  readonly batch: SealedBatch;
  readonly draft: Draft | undefined;
}

/** What a process does that never comes to an end: a store that is not closed, in the folder of a journal. */
async function abandoned(directory: string): Promise<{ store: DraftStore; directory: string }> {
  const { journal } = await openJournal(directory);
  await journal.close();
  const store = new DraftStore(join(directory, 'drafts'), 0, systemClock, silentLog);
  store.open();
  return { store, directory };
}

function openBatch(store: DraftStore, table: string, maxRows = 1000): { open: OpenBatch; sealed: Sealed[] } {
  const sealed: Sealed[] = [];
  const limits = { maxRows, maxAgeMs: 60_000 };
  const pool = new BufferPool(2 << 20, 2);
  const onSealed = (batch: SealedBatch, draft: Draft | undefined): void => void sealed.push({ batch, draft });
  return { open: new OpenBatch(numberedTable(table), limits, systemClock, pool, onSealed, store), sealed };
}

async function recovered(directory: string): Promise<SealedBatch[]> {
  const batches: SealedBatch[] = [];
  for await (const { batch } of recoverDrafts(join(directory, 'drafts'), new Set()))
    if (batch !== undefined) batches.push(batch);
  return batches;
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

test('rows of a turn that has ended come back as a batch, with the id that the sealed one would have had', async () => {
  const { store, directory } = await abandoned(await temporaryDirectory());
  const { open, sealed } = openBatch(store, 'flows');
  for (const number of [1, 2, 3]) commitNumber(open, number);
  assert(!existsSync(join(directory, 'drafts')), 'one write for a turn, at its end');
  await endOfTurn();
  commitNumber(open, 4, 'x'.repeat(500_000));
  await endOfTurn();
  open.seal();
  const { journal, found } = await openJournal(directory);
  assert.deepEqual([found.drafts, found.batches, found.rows], [{ batches: 1, rows: 4 }, 1, 4]);
  assert.deepEqual(await readdir(join(directory, 'drafts')), []);
  const [batch] = await drain(journal);
  assert(batch && sealed[0]);
  assert.deepEqual(batch.encoded, Buffer.from(sealed[0].batch.encoded), 'byte for byte');
  assert.deepEqual(numbersOf(batch), upTo(4));
  await journal.close();
  assert.deepEqual(await readdir(directory), []);
  await store.close();
});

test('a batch that is sealed in the middle of a turn is whole in its draft, and what follows is in another', async () => {
  const { store, directory } = await abandoned(await temporaryDirectory());
  const { open, sealed } = openBatch(store, 'flows');
  for (const number of upTo(5)) commitNumber(open, number, 'x'.repeat(500_000));
  assert.deepEqual(
    sealed.map(({ batch }) => numbersOf(batch)),
    [[1, 2, 3, 4]],
  );
  await endOfTurn();
  const found = await recovered(directory);
  const [last, whole] = found.toSorted((a, b) => a.rows - b.rows);
  assert.deepEqual(
    [last, whole].map((batch) => batch && numbersOf(batch)),
    [[5], [1, 2, 3, 4]],
  );
  assert.deepEqual(whole?.encoded, Buffer.from(sealed[0]?.batch.encoded ?? []));
  await store.close();
});

test('two batches of one table on their way, and one of another, are told apart', async () => {
  const { store, directory } = await abandoned(await temporaryDirectory());
  const flows = openBatch(store, 'flows', 4);
  const traps = openBatch(store, 'traps');
  for (const number of upTo(10)) {
    commitNumber(flows.open, number);
    commitNumber(traps.open, number);
    await endOfTurn();
  }
  const found = (await recovered(directory)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const ofTable = (table: string): number[][] => found.filter((each) => each.table === table).map(numbersOf);
  assert.deepEqual(ofTable('flows'), [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [9, 10],
  ]);
  assert.deepEqual(ofTable('traps'), [upTo(10)]);
  assert.equal(new Set(found.map(({ id }) => id)).size, 4);
  await store.close();
});

test('the draft of a batch that is in a segment, done or not, is passed over', async () => {
  for (const isDone of [false, true]) {
    const { store, directory } = await abandoned(await temporaryDirectory());
    const { open, sealed } = openBatch(store, 'flows', 3);
    for (const number of upTo(3)) commitNumber(open, number);
    commitNumber(open, 4);
    await endOfTurn();
    const before = await openJournal(directory);
    // Of an earlier process: the first batch and the open one. Then that first one once more, by way of the segments.
    assert.deepEqual(before.found.drafts, { batches: 2, rows: 4 });
    await before.journal.close();
    const again = await abandonedAgain(directory, sealed[0]?.batch, isDone);
    const { journal, found } = await openJournal(directory);
    assert.deepEqual(found.drafts, { batches: 0, rows: 0 });
    const ids = (await drain(journal)).map(({ id }) => id);
    assert.equal(ids.length, isDone ? 1 : 2);
    assert.equal(ids.includes(again), !isDone);
    await journal.close();
    await store.close();
  }
});

/** Leaves a part of a batch in a draft, and the whole in the journal's segment, where it is done or not. @returns its id */
async function abandonedAgain(directory: string, batch: SealedBatch | undefined, isDone: boolean): Promise<string> {
  assert(batch);
  const { journal } = await openJournal(directory);
  for (let left = journal.depth().batches; left > 0; left -= 1) {
    const next = await journal.next();
    if (next?.id === batch.id && isDone) journal.acknowledge(batch.id);
  }
  await journal.close();
  const store = new DraftStore(join(directory, 'drafts'), 0, systemClock, silentLog);
  store.open();
  const { id, table, columns, body } = batch;
  const memory = Buffer.concat([Buffer.alloc(1024), body]);
  const firstRow = body.length / batch.rows;
  store.begin({ id, table, columns }, 1024).write(memory, 1024 + firstRow, 1, 0, 0);
  assert.deepEqual(
    (await recovered(directory)).map((each) => [each.id, each.rows]),
    [[id, 1]],
  );
  await store.close();
  return id;
}

test('a released draft is none any more, and its file serves the next batch; longer rows of before are not taken for its own', async () => {
  const { store, directory } = await abandoned(await temporaryDirectory());
  const { open, sealed } = openBatch(store, 'flows', 200);
  for (const number of upTo(200)) {
    commitNumber(open, number);
    await endOfTurn();
  }
  const [path] = await readdir(join(directory, 'drafts'));
  sealed[0]?.draft?.release();
  assert.deepEqual(await recovered(directory), []);
  for (const number of [1001, 1002]) {
    commitNumber(open, number);
    await endOfTurn();
  }
  assert.deepEqual((await recovered(directory)).map(numbersOf), [[1001, 1002]]);
  assert.deepEqual(await readdir(join(directory, 'drafts')), [path]);
  await store.close();
});

test('closed while batches are on their way, their drafts stay; a late release deletes the file', async () => {
  const { store, directory } = await abandoned(await temporaryDirectory());
  const { open, sealed } = openBatch(store, 'flows', 2);
  for (const number of upTo(3)) commitNumber(open, number);
  await endOfTurn();
  await store.close();
  assert.equal((await recovered(directory)).length, 2);
  sealed[0]?.draft?.release();
  await store.close();
  assert.deepEqual((await recovered(directory)).map(numbersOf), [[3]]);
  commitNumber(open, 4);
  assert.equal(sealed.length, 2, 'a batch goes on without');
});

test('after a move to another folder drafts are begun there, and files of the old one are not used again', async () => {
  const { store, directory } = await abandoned(await temporaryDirectory());
  const other = await temporaryDirectory();
  const { open, sealed } = openBatch(store, 'flows', 2);
  for (const number of upTo(2)) commitNumber(open, number);
  store.moveTo(join(other, 'drafts'));
  sealed[0]?.draft?.release();
  assert.deepEqual(await recovered(directory), []);
  commitNumber(open, 3);
  await endOfTurn();
  assert.deepEqual((await recovered(other)).map(numbersOf), [[3]]);
  await store.close();
  assert.equal((await readdir(join(directory, 'drafts'))).length, 1, 'somebody else deletes it');
});

test('a process that wakes after its folder was taken over goes on behind the rows that the other has, under another id', async () => {
  const { store, directory } = await abandoned(await temporaryDirectory());
  const [more, nothing] = [openBatch(store, 'flows'), openBatch(store, 'traps')];
  for (const number of upTo(3)) {
    for (const { open } of [more, nothing]) commitNumber(open, number);
    await endOfTurn();
  }
  const { journal, found } = await openJournal(directory);
  assert.deepEqual(found.drafts, { batches: 2, rows: 6 });
  commitNumber(more.open, 4);
  await endOfTurn();
  commitNumber(more.open, 5, 'in the middle of a turn');
  for (const { open } of [more, nothing]) open.seal();
  assert.deepEqual(
    more.sealed.map(({ batch }) => numbersOf(batch)),
    [[4, 5]],
  );
  assert.equal(decodeBatch(more.sealed[0]?.batch.encoded ?? Buffer.of())?.rows, 2);
  assert.deepEqual(nothing.sealed, []);
  const ids = (await drain(journal)).map(({ id }) => id);
  assert.equal(new Set([...ids, more.sealed[0]?.batch.id]).size, 3);
  for (const number of upTo(2)) commitNumber(nothing.open, number);
  nothing.open.seal();
  assert.deepEqual(
    nothing.sealed.map(({ batch }) => numbersOf(batch)),
    [[1, 2]],
  );
  await journal.close();
  await store.close();
});

test('a draft that was taken over once gives no more than then, although more was written', async () => {
  const { store, directory } = await abandoned(await temporaryDirectory());
  const { open } = openBatch(store, 'flows');
  for (const number of upTo(4)) {
    commitNumber(open, number);
    await endOfTurn();
    if (number === 2) assert.deepEqual((await recovered(directory)).map(numbersOf), [[1, 2]]);
  }
  assert.deepEqual((await recovered(directory)).map(numbersOf), [[1, 2]]);
  await store.close();
});

test('what is in drafts was accepted: it comes back also where the journal is over its bound, and nothing is lost', async () => {
  const { store, directory } = await abandoned(await temporaryDirectory());
  const { open } = openBatch(store, 'flows');
  for (const number of [1, 2, 3]) commitNumber(open, number, 'x'.repeat(1000));
  await endOfTurn();
  const { journal, found } = await openJournal(directory, { maxBytes: 1000 });
  assert.deepEqual([found.rows, journal.lostRows.size], [3, 0]);
  assert.deepEqual((await drain(journal)).flatMap(numbersOf), upTo(3));
  await journal.close();
  await store.close();
});

for (const syncMs of [0, 100]) {
  test(`drafts on a disk without room for a segment rest where they are until they are written (sync ${syncMs} ms)`, async (t) => {
    const disk = await smallDisk(t, 1 << 20);
    if (disk === undefined) return t.skip('this account cannot mount a file system');
    const { store, directory } = await abandoned(join(disk.directory, 'journal'));
    const { open } = openBatch(store, 'flows');
    commitNumber(open, 1, 'x'.repeat(200_000));
    await endOfTurn();
    await writeFile(join(disk.directory, 'ballast'), Buffer.alloc(1 << 20)).catch(() => {});
    const { journal } = await openJournal(directory, { syncMs });
    assert.deepEqual([journal.depth().rows, journal.lostRows.size], [1, 0]);
    await journal.close();
    assert.equal((await readdir(join(directory, 'drafts'))).length, 1, 'it is there after the end');
    const { journal: again } = await openJournal(directory, { syncMs });
    assert.deepEqual((await drain(again)).flatMap(numbersOf), [1]);
    await again.close();
    await store.close();
    assert.equal(existsSync(join(directory, 'drafts')), false, 'what is written is gone');
  });
}
