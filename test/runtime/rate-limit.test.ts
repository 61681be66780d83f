import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateLimit } from '../../src/runtime/rate-limit.ts';

test('so many pass in each interval, and the next one that passes says how many did not', () => {
  const limit = new RateLimit(2, 1000);
  const passed = [0, 1, 2, 3].map((ms) => limit.take(ms).passed);
  assert.deepEqual(passed, [true, true, false, false]);
  assert.deepEqual(limit.take(1000), { passed: true, suppressed: 2 });
  assert.deepEqual(limit.take(1001), { passed: true, suppressed: 0 });
});
