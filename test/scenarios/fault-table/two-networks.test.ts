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
const CARD = 'eth1';

// Each node has one card for the devices, and another one for the database and the other node.
describe('the virtual IP is on a network of its own', { skip }, () => {
  let lab: Lab;
  let pair: RunningPair;
  const ports = new Map<string, string>();

  before(async () => {
    lab = await Lab.start();
    for (const host of [lab.a, lab.b]) ports.set(host.name, await lab.segment.addCard(host, CARD));
    pair = await RunningPair.start(lab, { ha: { interface: CARD } });
  });
  after(() => lab?.remove());

  test('the cable to the devices alone is pulled: the role is handed over, and stays there when the cable is back', async () => {
    const from = await pair.isWell();
    const to = pair.other(from);
    const mark = await pair.mark();
    const outcomes = await withTraffic(pair, ['netflow9'], async () => {
      await plug(from, false);
      await pair.becomes(to, 'active');
      const { own } = await pair.becomes(from, 'standby');
      assert.equal(own.readiness.isReady, false);
      assert.ok(own.readiness.findings.some(({ name, state }) => name === 'link' && state === 'fail'));
    });
    assertOneGap(outcomes);
    await plug(from, true);
    assert.equal(await pair.isWell(), to);
    await pair.until('the hand-over is told', async () => (await pair.events(mark, 'switchover')).length === 1);
    assert.deepEqual(await pair.events(mark, 'takeover'), [], 'nobody was gone');
  });

  test('without a link on either node the role stays where it is', async () => {
    const active = await pair.isWell();
    const standby = pair.other(active);
    const mark = await pair.mark();
    await plug(standby, false);
    await pair.shows(standby, 'that it has no link', ({ own }) => !own.readiness.isReady);
    await pair.shows(active, 'that the other has no link', ({ peer }) => peer?.readiness.isReady === false);
    await plug(active, false);
    await pair.shows(active, 'that it has no link', ({ own }) => !own.readiness.isReady);
    assert.equal((await pair.status(active))?.own.role, 'active');
    await plug(active, true);
    await plug(standby, true);
    assert.equal(await pair.isWell(), active);
    assert.deepEqual(await pair.events(mark, 'takeover', 'switchover'), []);
  });

  async function plug({ host }: RunningPair['a'], isPlugged: boolean): Promise<void> {
    await lab.segment.plugPort(ports.get(host.name) ?? '', isPlugged);
  }
});
