import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { programFiles, whatAccountCannotReach } from '../../src/keeper/reach.ts';

const NOBODY = { name: 'nobody', uid: 65_534, gid: 65_534 };
const asRoot = process.getuid?.() === 0 ? {} : { skip: 'only root can ask as another account' };

/** `open/key` below a folder that everybody may enter. */
function makeFiles(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'dogwatch-reach-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const key = join(folder, 'open', "key of 'us'");
  mkdirSync(dirname(key));
  writeFileSync(key, 'secret');
  for (const path of [folder, dirname(key)]) chmodSync(path, 0o755);
  chmodSync(key, 0o644);
  return { folder, key };
}

test('files that everybody can read are within reach', asRoot, (t) => {
  const { folder, key } = makeFiles(t);
  assert.equal(whatAccountCannotReach(NOBODY, [folder, key]), undefined);
});

test('the first that the account cannot read is named', asRoot, (t) => {
  const { folder, key } = makeFiles(t);
  chmodSync(key, 0o600);
  assert.equal(whatAccountCannotReach(NOBODY, [folder, key]), key);
});

test('a folder above that keeps the account out counts', asRoot, (t) => {
  const { folder, key } = makeFiles(t);
  chmodSync(folder, 0o700);
  assert.equal(whatAccountCannotReach(NOBODY, [key]), key);
});

test('a file that is not there is out of reach', asRoot, (t) => {
  const { key } = makeFiles(t);
  assert.equal(whatAccountCannotReach(NOBODY, [`${key}.old`]), `${key}.old`);
});

test('the program is Node, its own files and its packages', () => {
  const root = dirname(dirname(import.meta.dirname));
  const files = programFiles(root);
  for (const file of [process.execPath, join(root, 'src/main.ts'), join(root, 'node_modules/pg/package.json')]) {
    assert.ok(files.includes(file), file);
  }
});
