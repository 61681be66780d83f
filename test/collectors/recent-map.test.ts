import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentMap } from '../../collectors/recent-map.ts';

test('what is used stays while others come and go, and the number is bounded', () => {
  const map = new RecentMap<number, string>(100);
  map.set(-1, 'used');
  for (let key = 0; key < 1000; key++) {
    map.set(key, 'once');
    assert.equal(map.get(-1), 'used');
    assert.ok(map.size <= 100);
  }
  assert.equal(map.get(0), undefined);
  assert.equal(map.get(999), 'once');
});

test('the smallest map holds what was set last', () => {
  const map = new RecentMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  assert.equal(map.get('b'), 2);
  assert.ok(map.size <= 2);
});
