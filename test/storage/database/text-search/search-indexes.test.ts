import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planIndexes, type SearchPartition } from '../../../../storage/database/text-search/search-indexes.ts';

const OPTIONS = { trigrams: { schema: 'public' }, maxTrigramBytes: 1000 };

function partition(name: string, upper: number, indexes: Record<string, boolean> = {}, bytes = 100): SearchPartition {
  return { table: 'syslog_messages', name, upper, bytes, indexes: new Map(Object.entries(indexes)) };
}

test('plain indexes come before texts, and the newest partition before older ones', () => {
  const { tasks } = planIndexes([partition('old', 1), partition('new', 2)], OPTIONS);
  const isText = (index: string) => index.endsWith('_text');
  assert.deepEqual(
    tasks.filter(({ index }) => isText(index)).map(({ partition: of }) => of),
    ['new', 'old'],
  );
  assert.equal(
    tasks.findIndex(({ index }) => isText(index)),
    tasks.length - 2,
  );
  const plain = tasks.slice(0, -2).map(({ partition: of }) => of);
  assert.deepEqual(plain, plain.toSorted());
  assert.deepEqual(
    tasks.filter(({ completesPlain }) => completesPlain).map(({ index }) => index),
    ['new_tags', 'old_tags'],
  );
});

test('an index of an interrupted build is built again, one that is valid is not', () => {
  const { tasks } = planIndexes([partition('p', 1, { p_device: true, p_app: false })], OPTIONS);
  assert.equal(
    tasks.some(({ index }) => index === 'p_device'),
    false,
  );
  assert.equal(tasks.find(({ index }) => index === 'p_app')?.isLeftover, true);
  assert.equal(tasks.find(({ index }) => index === 'p_facility')?.isLeftover, false);
});

test('texts are left out where there are too many or no pg_trgm, and it is said why', () => {
  const partitions = [partition('large', 2, {}, 1001), partition('small', 1)];
  const large = planIndexes(partitions, OPTIONS);
  assert.deepEqual(
    large.tasks.filter(({ index }) => index.endsWith('_text')).map(({ index }) => index),
    ['small_text'],
  );
  assert.equal(large.unindexed.length, 1);
  assert.equal(large.unindexed[0]?.partitions, 1);
  const without = planIndexes(partitions, { ...OPTIONS, trigrams: { why: 'not installed' } });
  assert.deepEqual(without.unindexed, [{ why: 'not installed', partitions: 2 }]);
});

test('a partition with all that it is to have is finished', () => {
  const all = planIndexes([partition('p', 1)], OPTIONS).tasks.map(({ index }) => index);
  const built = Object.fromEntries(all.map((index) => [index, true]));
  assert.deepEqual(planIndexes([partition('p', 1, built)], OPTIONS), { tasks: [], unindexed: [], finished: 1 });
  delete built['p_text'];
  assert.equal(planIndexes([partition('p', 1, built, 5000)], OPTIONS).finished, 1);
});
