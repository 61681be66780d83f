import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextEpoch } from '../../../ha/role/epoch.ts';
import { DEFAULT_TIMING, FAST_TIMING, leastWindowMs, timingBreaches } from '../../../ha/role/timing.ts';

test('the defaults and the fast profile keep the rules', () => {
  assert.deepEqual(timingBreaches(DEFAULT_TIMING), []);
  assert.deepEqual(timingBreaches(FAST_TIMING), []);
});

test('the window outlasts a lease of 2 s on a slower clock, a beat of 400 ms and an expiry of 500 ms', () => {
  // 2000 × 1.01 / 0.99 = 2040.4, rounded up a little, and 900.
  assert.ok(leastWindowMs(DEFAULT_TIMING) >= 2941 && leastWindowMs(DEFAULT_TIMING) <= 2945);
  const breaches = timingBreaches({ ...DEFAULT_TIMING, windowMs: 2900 });
  assert.deepEqual(
    breaches.map(({ setting, foundMs, leastMs }) => ({ setting, foundMs, leastMs })),
    [{ setting: 'windowMs', foundMs: 2900, leastMs: 2942 }],
  );
  assert.match(breaches[0]?.rule ?? '', /takeover window outlasts the lease/);
});

test('a lease of less than two beats is refused', () => {
  const [breach] = timingBreaches({ beatMs: 400, leaseMs: 700, windowMs: 3000 });
  assert.equal(breach?.setting, 'leaseMs');
  assert.equal(breach?.leastMs, 800);
});

test('a window of more than a minute is refused', () => {
  const [breach] = timingBreaches({ beatMs: 400, leaseMs: 2000, windowMs: 60_001 });
  assert.equal(breach?.setting, 'windowMs');
  assert.equal(breach?.mostMs, 60_000);
});

test('what is no number is refused', () => {
  assert.ok(timingBreaches({ beatMs: Number.NaN, leaseMs: 2000, windowMs: 3000 }).length > 0);
  assert.ok(timingBreaches({ beatMs: 0, leaseMs: 0, windowMs: 3000 }).length > 0);
});

test('the two nodes never use the same epoch', () => {
  for (let highest = 0; highest < 100; highest += 1) {
    const left = nextEpoch(highest, 'left', 'right');
    const right = nextEpoch(highest, 'right', 'left');
    assert.ok(left > highest && right > highest && left <= highest + 2 && right <= highest + 2);
    assert.notEqual(left % 2, right % 2);
  }
});
