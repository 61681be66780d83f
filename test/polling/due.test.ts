import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dueReason } from '../../src/polling/due.ts';

const MINUTE = 60_000;
const POLICY = { intervalMs: 60 * MINUTE, soonestMs: 5 * MINUTE };
const NOW = 1_800_000_000_000;

function due(minutesAgo: number | null, failures = 0, unknown = false) {
  const attemptedAtMs = minutesAgo === null ? null : NOW - minutesAgo * MINUTE;
  return dueReason({ device: '192.0.2.1', attemptedAtMs, failures }, unknown, NOW, POLICY);
}

test('a device that was never asked is asked now', () => {
  assert.equal(due(null), 'never asked');
});

test('a device is asked again after the interval, and not before', () => {
  assert.equal(due(59.99), undefined);
  assert.equal(due(60), 'interval');
});

test('an interface that is not known lets it be asked sooner, but not at once', () => {
  assert.equal(due(4.99, 0, true), undefined);
  assert.equal(due(5, 0, true), 'unknown interface');
  assert.equal(due(5, 0, false), undefined);
});

test('failures double the wait from a minute on, up to the interval, whatever its flows name', () => {
  const waits = [1, 2, 4, 8, 16, 32, 60, 60];
  for (const [index, minutes] of waits.entries()) {
    const failures = index + 1;
    assert.equal(due(minutes - 0.01, failures, true), undefined, `after ${failures} failures`);
    assert.equal(due(minutes, failures), 'again after a failure', `after ${failures} failures`);
  }
  assert.equal(due(60, 10_000), 'again after a failure');
});

test('a clock that was put back delays nobody', () => {
  assert.equal(due(-1), 'interval');
});
