import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from './traffic/compare.ts';

/** Ten datagrams, one every 100 ms. */
const SENT = Float64Array.from({ length: 10 }, (_, index) => 1000 + index * 100);

test('nothing is missing when every number is there once', () => {
  const outcome = compare(SENT, [3, 1, 2, 4, 5, 6, 7, 10, 9, 8]);
  assert.deepEqual(outcome, { sent: 10, stored: 10, missing: 0, double: 0, unknown: 0, longestGapMs: 0, gaps: [] });
});

test('a gap lasts from the datagram before it until the one behind it', () => {
  const { missing, longestGapMs, gaps } = compare(SENT, [1, 2, 6, 7, 9, 10]);
  assert.equal(missing, 4);
  assert.equal(longestGapMs, 400); // number 2 was sent at 1100, number 6 at 1500
  assert.deepEqual(gaps, [
    { from: 3, to: 5, gapMs: 400 },
    { from: 8, to: 8, gapMs: 200 },
  ]);
});

test('what is missing at either end is counted, up to the first and the last datagram', () => {
  assert.deepEqual(compare(SENT, [2, 3, 4, 5, 6, 7, 8]).gaps, [
    { from: 9, to: 10, gapMs: 200 },
    { from: 1, to: 1, gapMs: 100 },
  ]);
  assert.equal(compare(SENT, []).longestGapMs, 900);
});

test('a number that is stored twice is double, and one that was never sent is unknown', () => {
  const { double, unknown, stored } = compare(SENT, [1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0]);
  assert.deepEqual({ double, unknown, stored }, { double: 2, unknown: 2, stored: 10 });
});
