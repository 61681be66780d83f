import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, nearest } from '../../src/config/suggest.ts';

test('the edit distance counts insertions, deletions, replacements and swaps of neighbours', () => {
  // The examples of the literature: kitten and sitting 3, Saturday and Sunday 3; a swap is one step.
  assert.equal(editDistance('kitten', 'sitting'), 3);
  assert.equal(editDistance('saturday', 'sunday'), 3);
  assert.equal(editDistance('jounral', 'journal'), 1);
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('abc', ''), 3);
});

test('a word near enough is suggested, whatever the case; a far one is not', () => {
  const words = ['journal', 'batch', 'database', 'retention'];
  assert.equal(nearest('jounral', words), 'journal');
  assert.equal(nearest('Database', words), 'database');
  assert.equal(nearest('batches', words), 'batch');
  assert.equal(nearest('frobnicate', words), undefined);
  assert.equal(nearest('x', words), undefined);
});
