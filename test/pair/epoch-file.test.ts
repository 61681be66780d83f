import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { EpochFile } from '../../src/pair/epoch-file.ts';
import { temporaryDirectory } from '../support/postgres.ts';

test('the epoch that was saved is there for the next run, of each pair its own', async () => {
  const folder = join(await temporaryDirectory(), 'state');
  assert.equal(new EpochFile(folder, 'one').load(), 0);
  new EpochFile(folder, 'one').save(7);
  new EpochFile(folder, 'one').save(8);
  assert.equal(new EpochFile(folder, 'one').load(), 8);
  assert.equal(new EpochFile(folder, 'other').load(), 0);
});

test('a file that holds something else is named, not taken for epoch 0', async () => {
  const folder = await temporaryDirectory();
  await writeFile(join(folder, 'epoch-of-one'), '\0\0\0\0');
  assert.throws(() => new EpochFile(folder, 'one').load(), {
    code: 'EPOCH_UNREADABLE',
    message: /epoch-of-one holds no epoch/,
  });
});
