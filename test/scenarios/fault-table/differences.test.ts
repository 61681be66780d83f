import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { skipWithout } from '../../support/packages.ts';
import { whyNoNamespaces } from '../lab/ip.ts';
import { Lab } from '../lab/lab.ts';
import { RunningPair } from '../lab/running-pair.ts';
import { assertOneGap, withTraffic } from './with-traffic.ts';

const isLong = process.env['ALL_FAULTS'] !== undefined;
const skip =
  whyNoNamespaces() || skipWithout('ip', 'bridge', 'arping') || (!isLong && 'part of the long run: npm run test:long');

describe('the settings of the nodes differ', { skip }, () => {
  let lab: Lab;
  let pair: RunningPair;

  before(async () => {
    lab = await Lab.start();
    pair = await RunningPair.of(lab, { ownSettings: { b: { batch: { age: '150ms' } } } });
    await pair.a.start();
    await pair.becomes(pair.a, 'active');
    await pair.b.start();
  });
  after(() => lab?.remove());

  test('the standby is not ready and says so, a switchover is refused, and it takes over all the same from a node that died', async () => {
    const { a, b } = pair;
    const { own } = await pair.shows(b, 'that it is not ready', ({ own: { readiness } }) =>
      readiness.findings.some(({ name, state }) => name === 'shared settings' && state === 'fail'),
    );
    assert.equal(own.role, 'standby');
    assert.equal(own.readiness.isReady, false);
    await pair.shows(a, 'that the other is not ready', ({ peer }) => peer?.readiness.isReady === false);
    await assert.rejects(a.command('switchover'), /not ready/);
    const outcomes = await withTraffic(pair, ['netflow9'], async () => {
      await lab.faults.powerOff(a.host);
      await pair.becomes(b, 'active');
      await pair.isOwnedBy(b.host);
    });
    assertOneGap(outcomes);
  });
});
