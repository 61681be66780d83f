import assert from 'node:assert/strict';
import { appendFile, open, readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { encodeInFront, type SealedBatch } from '../../../storage/batch/batch-format.ts';
import { Journal, type JournalOptions } from '../../../storage/journal/journal.ts';
import { uuidV7 } from '../../../storage/batch/uuid.ts';
import { temporaryDirectory } from '../../support/postgres.ts';

/** A batch of `bytes` of body that says it has `rows` rows; the journal does not look into the body. */
function batchOf(rows: number, bytes = 100, table = 'flows'): SealedBatch {
  const memory = Buffer.alloc(1000 + bytes, rows);
  const now = systemClock.nowMicros();
  const header = { id: uuidV7(now), table, columns: ['a'], rows, earliestMicros: now, latestMicros: now };
  const encoded = encodeInFront(header, memory, 1000, 1000 + bytes);
  return { ...header, encoded, body: memory.subarray(1000), release: () => {} };
}

async function journalIn(directory: string, options: Partial<JournalOptions> = {}): Promise<Journal> {
  const journal = new Journal({ directory, minFreeBytes: 0, ...options }, systemClock, silentLog);
  await journal.open();
  return journal;
}

/** Everything that is in the journal now, unacknowledged. */
async function takeAll(journal: Journal): Promise<SealedBatch[]> {
  const batches: SealedBatch[] = [];
  while (batches.length < journal.depth().batches) {
    const batch = await journal.next(AbortSignal.timeout(2000));
    if (batch === undefined) break;
    batches.push(batch);
  }
  return batches;
}

const rowsOf = (batches: SealedBatch[]): number[] => batches.map((batch) => batch.rows);

async function filesOf(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => !name.startsWith('claim.')).toSorted();
}

test('batches come out in the order in which they were accepted, and acknowledged ones leave nothing behind', async () => {
  const directory = await temporaryDirectory();
  const journal = await journalIn(directory);
  const early = journal.next();
  assert.deepEqual(await Promise.all([1, 2, 3].map((rows) => journal.append(batchOf(rows)))), [true, true, true]);
  const batches = [await early, await journal.next(), await journal.next()].filter((batch) => batch !== undefined);
  assert.deepEqual(rowsOf(batches), [1, 2, 3]);
  for (const batch of batches) journal.acknowledge(batch.id);
  assert.deepEqual([journal.depth().batches, journal.depth().rows], [0, 0]);
  await journal.close();
  assert.deepEqual(await filesOf(directory), []);
});

test('what was not acknowledged is there again after a restart, byte by byte', async () => {
  const directory = await temporaryDirectory();
  const first = await journalIn(directory);
  const written = [batchOf(1), batchOf(2), batchOf(3)];
  for (const batch of written) await first.append(batch);
  const taken = await first.next();
  await first.next();
  assert(taken);
  first.acknowledge(taken.id);
  await first.close();
  const second = await journalIn(directory);
  const found = await takeAll(second);
  assert.deepEqual(rowsOf(found), [2, 3]);
  assert.deepEqual(found[1]?.encoded, written[2]?.encoded);
  await second.close();
});

test('a batch that was given back comes again before the others', async () => {
  const journal = await journalIn(await temporaryDirectory());
  for (const rows of [1, 2]) await journal.append(batchOf(rows));
  const batch = await journal.next();
  journal.giveBack(batch?.id ?? '');
  assert.deepEqual(rowsOf(await takeAll(journal)), [1, 2]);
  await journal.close();
});

test('segments beyond the memory are read back from the disk, and deleted one by one', async () => {
  const directory = await temporaryDirectory();
  const journal = await journalIn(directory, { segmentBytes: 10_000, memoryBytes: 5000 });
  for (let rows = 1; rows <= 100; rows += 1) await journal.append(batchOf(rows, 1000));
  assert((await filesOf(directory)).length > 5);
  const seen: number[] = [];
  for (let count = 0; count < 100; count += 1) {
    const batch = await journal.next();
    assert(batch);
    seen.push(batch.rows);
    journal.acknowledge(batch.id);
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 100 }, (_, index) => index + 1),
  );
  await journal.close();
  assert.deepEqual(await filesOf(directory), []);
});

test('a torn tail is cut at any length and reported, and the whole batches before it survive', async () => {
  const directory = await temporaryDirectory();
  const last = batchOf(3);
  for (let lost = 1; lost < last.encoded.length; lost += 7) {
    const first = await journalIn(directory);
    for (const batch of [batchOf(1), batchOf(2), last]) await first.append(batch);
    await first.close();
    const [name] = await filesOf(directory);
    const path = join(directory, name ?? '');
    await truncate(path, (await stat(path)).size - lost);
    const second = new Journal({ directory, minFreeBytes: 0 }, systemClock, silentLog);
    const { torn, batches } = await second.open();
    assert.deepEqual([torn?.bytes, batches], [last.encoded.length - lost, 2]);
    const found = await takeAll(second);
    assert.deepEqual(rowsOf(found), [1, 2]);
    for (const batch of found) second.acknowledge(batch.id);
    await second.close();
  }
});

test('a batch damaged in the middle is counted and put aside, and those after it still come', async () => {
  const directory = await temporaryDirectory();
  const first = await journalIn(directory);
  const batches = [batchOf(1), batchOf(2), batchOf(3)];
  for (const batch of batches) await first.append(batch);
  await first.close();
  const [name] = await filesOf(directory);
  const handle = await open(join(directory, name ?? ''), 'r+');
  const offset = batches[0]?.encoded.length ?? 0;
  for (const at of [0, 40]) await handle.write(Buffer.from('damage'), 0, 6, offset + at);
  await handle.close();
  const second = await journalIn(directory);
  assert.deepEqual(rowsOf(await takeAll(second)), [1, 3]);
  assert.equal(second.corruptBatches, 1);
  assert((await filesOf(directory)).some((file) => file.endsWith('.corrupt')));
  await second.close();
});

test('a body damaged in an older segment is noticed when it is read', async () => {
  const directory = await temporaryDirectory();
  const first = await journalIn(directory, { segmentBytes: 1000 });
  for (let rows = 1; rows <= 6; rows += 1) await first.append(batchOf(rows, 600));
  await first.close();
  const [name] = await filesOf(directory);
  const handle = await open(join(directory, name ?? ''), 'r+');
  await handle.write(Buffer.from('damage'), 0, 6, 500);
  await handle.close();
  const second = await journalIn(directory);
  assert.deepEqual(rowsOf(await takeAll(second)), [2, 3, 4, 5, 6]);
  assert.deepEqual([second.corruptBatches, second.lostRows.get('flows')], [1, 1]);
  await second.close();
});

test('senders that can wait are told so a little before anything is lost, and go on when there is room again', async () => {
  const journal = await journalIn(await temporaryDirectory(), { maxBytes: 10_000, segmentBytes: 1000 });
  assert.equal(journal.hasRoom(), true);
  while (journal.hasRoom()) assert.equal(await journal.append(batchOf(1)), true);
  assert.equal(await journal.append(batchOf(1)), true, 'a datagram still finds room');
  for (const batch of await takeAll(journal)) journal.acknowledge(batch.id);
  assert.equal(journal.hasRoom(), true);
  await journal.close();
  assert.equal(journal.hasRoom(), false);
});

test('at the bound the newest is lost and counted, and there is room again after acknowledging', async () => {
  const journal = await journalIn(await temporaryDirectory(), { maxBytes: 10_000 });
  const accepted: boolean[] = [];
  for (let rows = 1; rows <= 12; rows += 1) accepted.push(await journal.append(batchOf(rows, 1000)));
  const first = accepted.indexOf(false);
  assert(first > 4, `the first was lost at ${first}`);
  const lost = accepted.flatMap((isIn, index) => (isIn ? [] : [index + 1])).reduce((sum, rows) => sum + rows, 0);
  assert.equal(journal.lostRows.get('flows'), lost);
  const batches = await takeAll(journal);
  for (const batch of batches) journal.acknowledge(batch.id);
  assert.equal(await journal.append(batchOf(1, 1000)), true);
  await journal.close();
});

test('at the bound the oldest are lost where that is the policy, except those in the hand of the writer', async () => {
  const journal = await journalIn(await temporaryDirectory(), { maxBytes: 10_000, whenFull: 'dropOldest' });
  await journal.append(batchOf(1, 1000));
  const inHand = await journal.next();
  for (let rows = 2; rows <= 20; rows += 1) assert.equal(await journal.append(batchOf(rows, 1000)), true);
  journal.acknowledge(inHand?.id ?? '');
  const left = rowsOf(await takeAll(journal));
  assert.equal(left.at(-1), 20);
  const lost = journal.lostRows.get('flows') ?? 0;
  assert.equal(lost + left.reduce((sum, rows) => sum + rows, 0), 209); // 2 + 3 + … + 20
  await journal.close();
});

/** A journal at its bound, whose writer has the batch of one row in hand; the segment of that batch is gone. */
async function journalWithOrphan(directory: string): Promise<{ journal: Journal; inHand: string; lost: number }> {
  const journal = await journalIn(directory, { maxBytes: 10_000, whenFull: 'dropOldest' });
  await journal.append(batchOf(1, 1000));
  const inHand = (await journal.next())?.id ?? '';
  const [segment] = await filesOf(directory);
  for (let rows = 2; rows <= 20; rows += 1) await journal.append(batchOf(rows, 1000));
  assert(segment !== undefined && !(await filesOf(directory)).includes(segment));
  return { journal, inHand, lost: journal.lostRows.get('flows') ?? 0 };
}

test('a batch in the hand of the writer outlives its segment: it still waits, and comes again when it is given back', async () => {
  const directory = await temporaryDirectory();
  const { journal, inHand, lost } = await journalWithOrphan(directory);
  assert.equal(journal.depth().rows + lost, 210); // 1 + 2 + … + 20
  journal.giveBack(inHand);
  assert.equal(journal.depth().rows + lost, 210);
  const again = await journal.next();
  assert.deepEqual([again?.id, again?.rows], [inHand, 1]);
  journal.acknowledge(inHand);
  assert.equal(journal.depth().rows + lost, 209);
  await journal.close();
  assert.equal(journal.lostRows.get('flows'), lost);
});

test('what outlived its segment and is not written when the journal closes is lost, and counted', async () => {
  for (const isGivenBack of [true, false]) {
    const directory = await temporaryDirectory();
    const { journal, inHand, lost } = await journalWithOrphan(directory);
    if (isGivenBack) journal.giveBack(inHand);
    await journal.close();
    assert.equal(journal.lostRows.get('flows'), lost + 1);
    const next = await journalIn(directory);
    assert.equal(next.depth().rows + lost + 1, 210);
    await next.close();
  }
});

test('a batch that is dropped while it is read from the disk is lost or given out, never both', async () => {
  for (let turns = 0; turns < 30; turns += 1) {
    const directory = await temporaryDirectory();
    const first = await journalIn(directory, { segmentBytes: 1000, memoryBytes: 0 });
    for (let rows = 1; rows <= 4; rows += 1) await first.append(batchOf(rows, 1000));
    await first.close();
    const second = await journalIn(directory, { maxBytes: 5000, segmentBytes: 1000, whenFull: 'dropOldest' });
    const taking = second.next();
    for (let turn = 0; turn < turns; turn += 1) await setImmediate();
    const accepted = await second.append(batchOf(5, 4000));
    const taken = await taking;
    second.acknowledge(taken?.id ?? '');
    const lost = second.lostRows.get('flows') ?? 0;
    assert.equal((taken?.rows ?? 0) + second.depth().rows + lost, 15, `after ${turns} turns, accepted: ${accepted}`);
    await second.close();
  }
});

test('too little free disk space is a bound as well, and told apart from a full journal', async () => {
  const journal = await journalIn(await temporaryDirectory(), { minFreeBytes: Number.MAX_SAFE_INTEGER });
  assert.equal(await journal.append(batchOf(7)), false);
  assert.equal(journal.lostRows.get('flows'), 7);
  assert.match(journal.trouble ?? '', /disk/);
  await journal.close();
  const small = await journalIn(await temporaryDirectory(), { maxBytes: 1000 });
  assert.equal(await small.append(batchOf(7, 2000)), false);
  assert.match(small.trouble ?? '', /journal is full/);
  await small.close();
});

test('the oldest are dropped for want of free disk, too, and the log says so', async () => {
  const lines: unknown[] = [];
  const log = Object.assign(Object.create(silentLog), { error: (fields: unknown) => lines.push(fields) });
  const options = { directory: await temporaryDirectory(), segmentBytes: 500, whenFull: 'dropOldest' } as const;
  const clock = { ...systemClock, monotonicMs: () => 0 };
  const ample = new Journal({ ...options, minFreeBytes: 0 }, systemClock, silentLog);
  await ample.open();
  for (const rows of [1, 2]) await ample.append(batchOf(rows, 1000));
  await ample.close();
  const scarce = new Journal({ ...options, minFreeBytes: Number.MAX_SAFE_INTEGER }, clock, log);
  await scarce.open();
  assert.equal(await scarce.append(batchOf(3)), false);
  assert.equal(scarce.lostRows.get('flows'), 6);
  assert.match(JSON.stringify(lines[0]), /"why":"[^"]*disk[^"]*"/);
  await scarce.close();
});

test('two journals do not share a directory, and a lock of an earlier version does not matter', async () => {
  const directory = await temporaryDirectory();
  const first = await journalIn(directory);
  await assert.rejects(journalIn(directory, { claimWaitMs: 0 }), { code: 'LOCKED' });
  await first.close();
  await appendFile(join(directory, 'owner'), '999999999 1\n');
  await (await journalIn(directory)).close();
});

test('waiting ends when it is aborted and when the journal closes', async () => {
  const journal = await journalIn(await temporaryDirectory());
  const abort = new AbortController();
  const aborted = journal.next(abort.signal);
  abort.abort();
  assert.equal(await aborted, undefined);
  const waiting = journal.next();
  await journal.close();
  assert.equal(await waiting, undefined);
});

test('the depth tells batches, rows, bytes and age', async () => {
  const journal = await journalIn(await temporaryDirectory());
  assert.deepEqual(journal.depth(), { batches: 0, rows: 0, bytes: 0, oldestMs: 0 });
  const batch = batchOf(5);
  await journal.append(batch);
  const { oldestMs, ...rest } = journal.depth();
  assert.deepEqual(rest, { batches: 1, rows: 5, bytes: batch.encoded.length });
  assert(oldestMs >= 0 && oldestMs < 1000);
  await journal.close();
});

test('what waits is never out of sight while an older segment is being read', async () => {
  const directory = await temporaryDirectory();
  const first = await journalIn(directory, { segmentBytes: 20_000 });
  for (let rows = 1; rows <= 90; rows += 1) await first.append(batchOf(rows, 1000));
  await first.close();
  const second = await journalIn(directory);
  for (let left = 90; left > 0; left -= 1) {
    const taking = second.next();
    const state = { isGiven: false };
    void taking.finally(() => (state.isGiven = true));
    for (; !state.isGiven; await setImmediate()) assert.equal(second.depth().batches, left);
    second.acknowledge((await taking)?.id ?? '');
  }
  await second.close();
});
