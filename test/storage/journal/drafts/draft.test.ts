import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { readChunks } from '../../../../storage/journal/drafts/chunk-format.ts';
import { Draft, type DraftFiles } from '../../../../storage/journal/drafts/draft.ts';
import { DraftFile } from '../../../../storage/journal/drafts/draft-file.ts';
import { DraftStore } from '../../../../storage/journal/drafts/draft-store.ts';
import { HandClock, LogLines } from '../../../support/hand-clock.ts';
import { temporaryDirectory } from '../../../support/postgres.ts';

const HEADER = { id: '017f22e2-79b0-7cc3-98c4-dc0c0c07398f', table: 'flows', columns: ['a', 'b'] };
const BODY_START = 512;
const HEAD_BYTES = 40;
const TAKEN_BYTES = 4;

/** Memory of a batch with three pieces of rows of some length, written one after the other. */
async function threeChunks(): Promise<{ file: Buffer; pieces: Buffer[]; ends: number[] }> {
  const directory = await temporaryDirectory();
  const store = new DraftStore(directory, 0, new HandClock(), new LogLines().log);
  store.open();
  const pieces = [Buffer.alloc(90, 'one'), Buffer.alloc(10, 'two'), Buffer.alloc(150, 'three')];
  const memory = Buffer.concat([Buffer.alloc(BODY_START), ...pieces, Buffer.alloc(100)]);
  const draft = store.begin(HEADER, BODY_START);
  const ends: number[] = [];
  let end = BODY_START;
  for (const [index, piece] of pieces.entries()) {
    end += piece.length;
    draft.write(memory, end, index + 1, 1000 - index, 2000 + index);
    ends.push((await onlyFile(directory)).length);
  }
  assert.deepEqual(memory.subarray(BODY_START, end), Buffer.concat(pieces), 'the rows are as they were');
  assert.equal(draft.crcUpTo(end), crc32(Buffer.concat(pieces)));
  const file = await onlyFile(directory);
  await store.close();
  return { file, pieces, ends };
}

async function onlyFile(directory: string): Promise<Buffer> {
  const names = await readdir(directory);
  assert.equal(names.length, 1);
  return readFile(join(directory, names[0] ?? ''));
}

const bodyOf = (bytes: Buffer): Buffer => Buffer.concat(readChunks(bytes)?.pieces ?? []);

test('a draft has the form that is written down: who has taken it over, then heads of 40 bytes, the header once, the rows', async () => {
  const { file: whole, pieces, ends: endsInFile } = await threeChunks();
  assert.equal(whole.readUInt32BE(0), 0, 'taken over by nobody');
  const file = whole.subarray(TAKEN_BYTES);
  const ends = endsInFile.map((end) => end - TAKEN_BYTES);
  const json = JSON.stringify({ ...HEADER, rows: 0, earliestMicros: 0, latestMicros: 0 });
  const [one, two] = [pieces[0] ?? Buffer.of(), pieces[1] ?? Buffer.of()];
  assert.equal(file.toString('latin1', 0, 4), 'DWD1');
  assert.deepEqual(
    [8, 12, 16].map((at) => file.readUInt32BE(at)),
    [json.length, 90, 1],
  );
  assert.deepEqual([file.readDoubleBE(20), file.readDoubleBE(28)], [1000, 2000]);
  const firstCrc = crc32(Buffer.concat([one, Buffer.from(json), file.subarray(0, 36)]));
  assert.equal(file.readUInt32BE(36), firstCrc);
  assert.equal(file.toString('utf8', HEAD_BYTES, HEAD_BYTES + json.length), json);
  assert.deepEqual(file.subarray(HEAD_BYTES + json.length, ends[0]), one);
  const second = ends[0] ?? 0;
  assert.equal(file.readUInt32BE(second + 4), file.readUInt32BE(4), 'the same generation');
  assert.deepEqual(
    [8, 12, 16].map((at) => file.readUInt32BE(second + at)),
    [0, 10, 1],
  );
  assert.equal(file.readUInt32BE(second + 36), crc32(Buffer.concat([one, two, file.subarray(second, second + 36)])));
  assert.deepEqual(file.subarray(second + HEAD_BYTES, ends[1]), two);
});

test('a draft that is cut at any byte gives the chunks before it', async () => {
  const { file, pieces, ends } = await threeChunks();
  for (let length = 0; length <= file.length; length += 1) {
    const whole = ends.filter((end) => end <= length).length;
    const expected =
      whole === 0 ? undefined : { rows: whole, earliestMicros: 1001 - whole, latestMicros: 1999 + whole };
    const found = readChunks(file.subarray(0, length));
    assert.deepEqual(found?.header, expected && { ...HEADER, ...expected }, `of ${length} bytes`);
    assert.deepEqual(bodyOf(file.subarray(0, length)), Buffer.concat(pieces.slice(0, whole)));
  }
});

test('a bit that is flipped costs its chunk and those behind it, and no other', async () => {
  const { file, pieces, ends } = await threeChunks();
  for (let bit = TAKEN_BYTES * 8; bit < file.length * 8; bit += 1) {
    const changed = Buffer.from(file);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    const whole = ends.filter((end) => end <= bit >> 3).length;
    assert.deepEqual(bodyOf(changed), Buffer.concat(pieces.slice(0, whole)), `bit ${bit}`);
  }
});

test('chunks of an earlier use of the file, right behind the last one, are not taken for its own', async () => {
  const [now, before] = [await threeChunks(), await threeChunks()];
  const mixed = Buffer.concat([now.file.subarray(0, now.ends[0]), before.file.subarray(before.ends[0])]);
  assert.deepEqual(bodyOf(mixed), now.pieces[0]);
});

/** A disk that is full after some writes. */
class FullDisk extends DraftFile {
  #left = 2;
  override write(memory: Buffer, start: number, end: number, at: number): void {
    if (this.#left === 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    this.#left -= 1;
    super.write(memory, start, end, at);
  }
}

test('where the disk is full the draft is given up without a throw, keeps what it has, and asks no more', async () => {
  const path = join(await temporaryDirectory(), 'a.draft');
  const file = new FullDisk(path);
  const seen: string[] = [];
  const files: DraftFiles = {
    take: () => file,
    written: () => void seen.push('written'),
    failed: (_file, error) => void seen.push(String(error)),
    giveBack: () => void seen.push('given back'),
  };
  const draft = new Draft(files, HEADER, BODY_START);
  const memory = Buffer.alloc(BODY_START + 500, 7);
  const intact = Buffer.from(memory);
  for (let rows = 1; rows <= 5; rows += 1) draft.write(memory, BODY_START + rows * 50, rows, 1, 2);
  assert.deepEqual(seen, ['written', 'written', 'Error: ENOSPC: no space left on device, write']);
  assert.deepEqual(memory.subarray(BODY_START), intact.subarray(BODY_START));
  assert.equal(draft.crcUpTo(BODY_START + 250), undefined);
  assert.equal(readChunks(await readFile(path))?.header.rows, 2);
  draft.release();
  draft.release();
  assert.equal(seen.at(-1), 'given back');
  assert.equal(seen.length, 4);
  await file.remove();
});

test('where no file can be made batches go on without drafts, counted, and logged at a limited rate', async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'drafts'), 'in the way');
  const lines = new LogLines();
  const store = new DraftStore(join(directory, 'drafts'), 100, new HandClock(), lines.log);
  store.open();
  for (let batch = 0; batch < 5; batch += 1) {
    const draft = store.begin(HEADER, BODY_START);
    for (let rows = 1; rows <= 3; rows += 1)
      draft.write(Buffer.alloc(BODY_START + 100), BODY_START + rows * 10, rows, 1, 2);
    draft.release();
  }
  assert.equal(store.givenUp, 5);
  assert.equal(lines.all().length, 1);
  await store.close();
});

test('more drafts at once than the bound are given up, and idle files beyond some are deleted', async () => {
  const directory = join(await temporaryDirectory(), 'drafts');
  await mkdir(directory);
  const store = new DraftStore(directory, 0, new HandClock(), new LogLines().log);
  store.open();
  const memory = Buffer.alloc(BODY_START + 10);
  const drafts = Array.from({ length: 260 }, () => store.begin(HEADER, BODY_START));
  for (const draft of drafts) draft.write(memory, BODY_START + 10, 1, 1, 2);
  assert.equal(store.givenUp, 4);
  assert.equal((await readdir(directory)).length, 256);
  for (const draft of drafts) draft.release();
  await store.close();
  await assert.rejects(readdir(directory), { code: 'ENOENT' });
});

test('a closed file refuses to be written: its descriptor may be of another one', async () => {
  const directory = await temporaryDirectory();
  const closed = new DraftFile(join(directory, 'closed'));
  await closed.close();
  await closed.close();
  const other = new DraftFile(join(directory, 'other'));
  other.write(Buffer.from('rows'), 0, 4, 0);
  assert.throws(() => closed.invalidate(), /is closed/);
  assert.equal((await readFile(other.path)).toString(), 'rows');
  await other.remove();
});
