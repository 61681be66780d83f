import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReplayMemory } from '../../../../../collectors/snmp/usm/engines/replay-memory.ts';
import { FailureSources } from '../../../../../collectors/snmp/usm/sources/failure-sources.ts';
import { KnownSources, SourceBudget } from '../../../../../collectors/snmp/usm/sources/source-budget.ts';

test('a source has its own share, and all have one together', () => {
  const budget = new SourceBudget({ perSecond: 1, burst: 2 }, { perSecond: 1, burst: 3 });
  const taken = ['a', 'a', 'a', 'b', 'b'].map((source) => budget.take(source, false, 0));
  assert.deepEqual(taken, [true, true, false, true, false]);
});

test('a source that has proven who it is does not depend on what strangers use up', () => {
  const budget = new SourceBudget({ perSecond: 1, burst: 2 }, { perSecond: 1, burst: 1 });
  assert.equal(budget.take('stranger', false, 0), true);
  assert.equal(budget.take('another', false, 0), false);
  assert.equal(budget.take('known', true, 0), true);
});

test('known sources are bounded', () => {
  const known = new KnownSources(2);
  for (const each of ['a', 'b', 'a', 'c']) known.add(each);
  assert.deepEqual(
    ['a', 'b', 'c'].map((each) => known.has(each)),
    [false, true, true],
  );
});

test('sources with one failure push out each other, not one with many', () => {
  const failures = new FailureSources(3);
  for (let time = 0; time < 5; time += 1) failures.count('loud', 'wrong-digest', 'ops', time);
  for (let each = 0; each < 1000; each += 1) failures.count(`forged-${each}`, 'unknown-user', 'x', each);
  const top = failures.top(10);
  assert.equal(top.length, 3);
  assert.deepEqual([top[0]?.source, top[0]?.total], ['loud', 5]);
});

test('a claimed name is shown without what a terminal would obey', () => {
  const failures = new FailureSources(3);
  failures.count('a', 'unknown-user', Buffer.from('\u001b[2JJürgen\n').toString('latin1'), 1);
  assert.equal(failures.top(1)[0]?.latestUser, '?[2JJürgen?');
});

test('a digest is remembered while fewer than the capacity came after it, and memory stays bounded', () => {
  const memory = new ReplayMemory(100);
  const digest = (number: number) => Buffer.from(number.toString().padStart(12, '0'));
  for (let each = 0; each < 1000; each += 1) {
    assert.equal(memory.enter(digest(each)), true);
    if (each >= 99) assert.equal(memory.enter(digest(each - 99)), false);
    assert.ok(memory.size <= 200);
  }
  assert.equal(memory.enter(digest(0)), true);
});

test('the source with the fewest failures gives way, whenever it came', () => {
  const failures = new FailureSources(3);
  for (const [source, times] of [
    ['a', 3],
    ['b', 2],
    ['c', 4],
    ['d', 1],
  ] as const) {
    for (let time = 0; time < times; time += 1) failures.count(source, 'wrong-digest', 'ops', time);
  }
  assert.deepEqual(
    failures.top(3).map((each) => each.source),
    ['c', 'a', 'd'],
  );
});
