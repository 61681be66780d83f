import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { SettingDifferences } from '../../../src/pair/readiness/setting-differences.ts';

const OWN = { 'batch.age': '1', listeners: '2', 'retention.flows': '3' };

test('the peer is asked once for each pair of digests, and what differs is named', async () => {
  let asked = 0;
  const differences = new SettingDifferences(
    () => OWN,
    async () => {
      asked += 1;
      return { 'batch.age': '9', listeners: '2', 'flow.sampling': '4' };
    },
  );
  assert.equal(differences.between('a', undefined), undefined);
  assert.equal(differences.between('a', 'a'), undefined);
  assert.equal(asked, 0);
  assert.equal(differences.between('a', 'b'), undefined);
  await turn();
  assert.deepEqual(differences.between('a', 'b'), ['batch.age', 'flow.sampling', 'retention.flows']);
  assert.equal(asked, 1);
  assert.equal(differences.between('a', 'a'), undefined, 'what was equal meanwhile is forgotten');
  assert.equal(differences.between('a', 'b'), undefined);
  assert.equal(asked, 2);
});

test('a peer that gives no answer is asked again, and an answer to an older question is passed over', async () => {
  const answers: ((digests: Record<string, string>) => void)[] = [];
  const refusals: ((error: Error) => void)[] = [];
  const differences = new SettingDifferences(
    () => OWN,
    () =>
      new Promise((resolve, reject) => {
        answers.push(resolve);
        refusals.push(reject);
      }),
  );
  differences.between('a', 'b');
  refusals[0]?.(new Error('gone'));
  await turn();
  differences.between('a', 'b');
  differences.between('a', 'c');
  answers[1]?.({});
  await turn();
  assert.equal(differences.between('a', 'c'), undefined);
  answers[2]?.({ ...OWN, listeners: '9' });
  await turn();
  assert.deepEqual(differences.between('a', 'c'), ['listeners']);
});
