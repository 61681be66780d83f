import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCarrier, type LinkFacts, LinkLoss } from '../../../src/pair/readiness/link-loss.ts';
import { HandClock } from '../../support/hand-clock.ts';

const LOST: LinkFacts = { isActive: true, hasLink: false, peerIsReady: true };
const LOOK_MS = 1000;

/** Looks once a second. @returns at which looks the role was handed over, from 0 */
function handOvers(looks: readonly Partial<LinkFacts>[]): number[] {
  const clock = new HandClock();
  const found: number[] = [];
  let at = 0;
  const loss = new LinkLoss(clock, () => found.push(at));
  for (; at < looks.length; at += 1) {
    loss.look({ ...LOST, ...looks[at] });
    clock.advance(LOOK_MS);
  }
  return found;
}

const times = (count: number, facts: Partial<LinkFacts> = {}): Partial<LinkFacts>[] =>
  Array.from({ length: count }, () => facts);

test('an active node without a link hands the role over after two seconds, and not again for half a minute', () => {
  assert.deepEqual(handOvers(times(40)), [2, 32]);
});

test('a link that is back within two seconds changes nothing', () => {
  const flapping = times(5).flatMap(() => [...times(2), { hasLink: true }]);
  assert.deepEqual(handOvers(flapping), []);
});

test('the role stays where the other node is not ready, until it is', () => {
  assert.deepEqual(handOvers([...times(10, { peerIsReady: false }), {}, {}]), [10]);
});

test('a node that is not active, or does not know of its link, hands nothing over', () => {
  assert.deepEqual(handOvers(times(10, { isActive: false })), []);
  assert.deepEqual(handOvers(times(10, { hasLink: undefined })), []);
});

test('the loopback interface has a carrier, and of one that is not there nothing is known', () => {
  assert.equal(hasCarrier('lo'), true);
  assert.equal(hasCarrier('nowhere0'), undefined);
});
