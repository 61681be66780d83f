import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { DraftFile } from '../../../../storage/journal/drafts/draft-file.ts';
import { DraftSync } from '../../../../storage/journal/drafts/draft-sync.ts';
import { HandClock } from '../../../support/hand-clock.ts';
import { temporaryDirectory } from '../../../support/postgres.ts';

interface Bench {
  readonly clock: HandClock;
  readonly sync: DraftSync;
  /** Syncs that have begun, and how to end them. */
  readonly begun: { readonly file: DraftFile; readonly end: () => void }[];
  readonly files: readonly [DraftFile, DraftFile];
}

async function bench(delayMs: number): Promise<Bench> {
  const directory = await temporaryDirectory();
  const clock = new HandClock();
  const begun: Bench['begun'] = [];
  const sync = new DraftSync(delayMs, clock, (file) => new Promise((end) => begun.push({ file, end })));
  const files = [new DraftFile(join(directory, 'a')), new DraftFile(join(directory, 'b'))] as const;
  for (const file of files) await file.close();
  return { clock, sync, begun, files };
}

test('rows that are not released in time are synced, and what is written meanwhile once more', async () => {
  const { clock, sync, begun, files } = await bench(100);
  const [a, b] = files;
  sync.written(a);
  clock.advance(60);
  sync.written(a);
  sync.written(b);
  clock.advance(39);
  assert.equal(begun.length, 0);
  clock.advance(1);
  assert.deepEqual(
    begun.map(({ file }) => file),
    [a],
  );
  sync.written(a);
  clock.advance(200);
  assert.equal(begun.length, 1, 'one round at a time');
  begun[0]?.end();
  await new Promise(setImmediate);
  clock.advance(0);
  assert.deepEqual(
    begun.slice(1).map(({ file }) => file),
    [b, a],
  );
});

test('a draft that is released in time costs no sync', async () => {
  const { clock, sync, begun, files } = await bench(100);
  sync.written(files[0]);
  clock.advance(50);
  sync.released(files[0]);
  clock.advance(500);
  assert.equal(begun.length, 0);
  assert.equal(clock.waiting, 0);
});

test('with a delay of 0 drafts are not synced: their batches are, before they are accepted', async () => {
  const { clock, sync, begun, files } = await bench(0);
  sync.written(files[0]);
  clock.advance(1000);
  assert.equal(begun.length, 0);
});

test('after stop nothing is synced', async () => {
  const { clock, sync, begun, files } = await bench(100);
  sync.written(files[0]);
  await sync.stop();
  clock.advance(1000);
  assert.equal(begun.length, 0);
});
