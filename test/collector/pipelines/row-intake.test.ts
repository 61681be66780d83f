import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeFieldCount, writeTimestamp } from '../../../collectors/copy-format.ts';
import type { RowTable } from '../../../collectors/row-sink.ts';
import { RowIntake } from '../../../src/collector/pipelines/row-intake.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { SealedBatch } from '../../../storage/batch/batch-format.ts';
import type { OpenBatch } from '../../../storage/batch/batch.ts';
import { DraftStore } from '../../../storage/journal/drafts/draft-store.ts';
import { draftIds } from '../../../storage/journal/drafts/recover-drafts.ts';
import type { Queue } from '../../../storage/queue.ts';
import { temporaryDirectory } from '../../support/postgres.ts';

const TABLE: RowTable = { table: 'notes', columns: [{ name: 'received_at', type: 'timestamptz' }] };

/** A queue whose answers the test gives. */
class AskingQueue implements Queue {
  readonly appended: { readonly batch: SealedBatch; readonly answer: (accepted: boolean) => void }[] = [];
  room = true;
  append(batch: SealedBatch): Promise<boolean> {
    return new Promise((answer) => this.appended.push({ batch, answer }));
  }
  hasRoom(): boolean {
    return this.room;
  }
  next = async () => undefined;
  acknowledge(): void {}
  giveBack(): void {}
  depth = () => ({ batches: 0, rows: 0, bytes: 0, oldestMs: 0 });
  close = async () => {};
}

function intakeOf(queue: Queue, maxRows = 1000, drafts?: DraftStore): RowIntake {
  const limits = { maxRows, maxAgeMs: 60_000 };
  const sizes = { limits, batchBytes: 1 << 22, queueMemoryBytes: 1 << 22 };
  return new RowIntake(sizes, queue, systemClock, silentLog, drafts);
}

function commitRow(sink: OpenBatch): void {
  sink.reserve(64);
  const at = writeFieldCount(sink.bytes, sink.position, 1);
  sink.commit(writeTimestamp(sink.bytes, at, systemClock.nowMicros()), 1);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

test('rows that somebody waits for are sealed long before their age, and he is told when the queue has them', async () => {
  const queue = new AskingQueue();
  const intake = intakeOf(queue);
  const sink = intake.open(TABLE, 'small');
  commitRow(sink);
  let told: boolean | undefined;
  intake.whenAccepted((accepted) => (told = accepted));
  await until(() => queue.appended.length === 1);
  assert.equal(queue.appended[0]?.batch.rows, 1);
  assert.equal(told, undefined, 'not before the queue has answered');
  queue.appended[0]?.answer(true);
  await until(() => told !== undefined);
  assert.equal(told, true);
});

test('rows in two batches are accepted when both are', async () => {
  const queue = new AskingQueue();
  const intake = intakeOf(queue, 2);
  const sink = intake.open(TABLE, 'small');
  for (let row = 0; row < 3; row += 1) commitRow(sink);
  let told: boolean | undefined;
  intake.whenAccepted((accepted) => (told = accepted));
  await until(() => queue.appended.length === 2);
  queue.appended[1]?.answer(true);
  await new Promise(setImmediate);
  assert.equal(told, undefined);
  queue.appended[0]?.answer(true);
  await until(() => told !== undefined);
  assert.equal(told, true);
});

test('rows whose batch was full and lost before anybody looked again are not called accepted', async () => {
  const queue = new AskingQueue();
  const intake = intakeOf(queue, 1);
  const sink = intake.open(TABLE, 'small');
  commitRow(sink);
  let told: boolean | undefined;
  intake.whenAccepted((accepted) => (told = accepted));
  queue.appended[0]?.answer(false);
  await until(() => told !== undefined);
  assert.equal(told, false);
});

test('settling accepts what is open, and tells those who wait', async () => {
  const queue = new AskingQueue();
  const intake = intakeOf(queue);
  commitRow(intake.open(TABLE, 'small'));
  const told = new Promise<boolean>((resolve) => intake.whenAccepted(resolve));
  const closed = intake.settle();
  queue.appended[0]?.answer(true);
  await closed;
  assert.equal(await told, true);
});

test('a stream that found no room goes on when there is some, or when it is told to stop', async () => {
  const queue = new AskingQueue();
  const intake = intakeOf(queue);
  queue.room = false;
  const stopping = new AbortController();
  const [waits, stops] = [intake.whenRoom(new AbortController().signal), intake.whenRoom(stopping.signal)];
  stopping.abort();
  await stops;
  queue.room = true;
  await waits;
  assert.equal(intake.hasRoom(), true);
});

test('rows stay in a draft until the queue has answered, whatever it says', async () => {
  const directory = join(await temporaryDirectory(), 'drafts');
  const drafts = new DraftStore(directory, 0, systemClock, silentLog);
  drafts.open();
  const queue = new AskingQueue();
  const intake = intakeOf(queue, 1, drafts);
  const sink = intake.open(TABLE, 'small');
  for (const accepted of [true, false]) {
    commitRow(sink);
    const asked = queue.appended.at(-1);
    assert.deepEqual([...(await draftIds(directory))], [asked?.batch.id]);
    asked?.answer(accepted);
    await intake.settle();
    assert.deepEqual([...(await draftIds(directory))], []);
  }
  await drafts.close();
});
