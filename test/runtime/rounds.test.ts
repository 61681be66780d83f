import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inRounds } from '../../src/runtime/rounds.ts';
import { HandClock } from '../support/hand-clock.ts';

test('a round begins when the last one is over and the pause with it, and none after the end', async () => {
  const clock = new HandClock();
  const began: PromiseWithResolvers<void>[] = [];
  const end = inRounds(clock, 1000, () => {
    const round = Promise.withResolvers<void>();
    began.push(round);
    return round.promise;
  });
  clock.advance(999);
  assert.equal(began.length, 0);
  clock.advance(1);
  assert.equal(began.length, 1);
  clock.advance(10_000);
  assert.equal(began.length, 1, 'the first one goes on');
  await overBy(began[0]);
  clock.advance(1000);
  assert.equal(began.length, 2);
  end();
  await overBy(began[1]);
  clock.advance(10_000);
  assert.equal(began.length, 2);
  assert.equal(clock.waiting, 0);
});

/** Ends a round, and lets those who wait for it know. */
async function overBy(round: PromiseWithResolvers<void> | undefined): Promise<void> {
  round?.resolve();
  for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
}
