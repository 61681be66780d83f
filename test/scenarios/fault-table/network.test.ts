import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { skipWithout } from '../../support/packages.ts';
import { whyNoNamespaces } from '../lab/ip.ts';
import { Lab, VIRTUAL_IP } from '../lab/lab.ts';
import { RunningPair } from '../lab/running-pair.ts';
import { assertNothingLost, assertOneGap, withTraffic } from './with-traffic.ts';

const skip = whyNoNamespaces() || skipWithout('ip', 'bridge', 'arping');
const isLong = process.env['ALL_FAULTS'] !== undefined;
const skipLong = skip || (!isLong && 'part of the long run: npm run test:long');
/** Longer than a lease and a takeover window. */
const LONG_ENOUGH_MS = 8000;

describe('the network of the pair fails', { skip }, () => {
  let lab: Lab;
  let pair: RunningPair;

  before(async () => {
    lab = await Lab.start();
    pair = await RunningPair.start(lab);
  });
  after(() => lab?.remove());

  test('the active node is isolated: its successor takes over inside the window, and it lets go of the address when it is back', async () => {
    const from = await pair.recover();
    const to = pair.other(from);
    const outcomes = await withTraffic(pair, ['netflow9', 'ipfix'], async () => {
      await lab.faults.isolate(from.host);
      await pair.becomes(to, 'active');
      await pair.isOwnedBy(to.host);
      await pair.becomes(from, 'standby');
      await lab.faults.join(from.host);
      await pair.isOwnedBy(to.host);
      assert.equal(await pair.isWell(), to);
    });
    assert.equal(await from.host.carries(VIRTUAL_IP), false);
    assertOneGap(outcomes);
  });

  test(
    'every process of the active node stands still for ten seconds: one holder of the address when it wakes',
    { skip: skipLong },
    async () => {
      const from = await pair.recover();
      const to = pair.other(from);
      const outcomes = await withTraffic(pair, ['netflow9'], async () => {
        await lab.faults.freeze(from.host);
        await pair.becomes(to, 'active');
        await pause(10_000);
        const epoch = await pair.epoch();
        await lab.faults.thaw(from.host);
        await pair.becomes(from, 'standby');
        await pair.isOwnedBy(to.host);
        assert.equal(await pair.epoch(), epoch);
      });
      for (const { double } of outcomes) assert.equal(double, 0);
    },
  );

  test('peer link cut only: the active node stays, and nothing flaps', { skip: skipLong }, async () => {
    const active = await pair.recover();
    await staysActive(active, async () => lab.faults.cutBoth(lab.a, lab.b));
  });

  for (const direction of ['from the active node', 'to the active node'] as const) {
    test(`a one-way cut of the peer link ${direction}: one holder, and nothing flaps`, { skip: skipLong }, async () => {
      const active = await pair.recover();
      const ends = [active.host, pair.other(active).host] as const;
      const [from, to] = direction === 'from the active node' ? ends : ends.toReversed();
      await staysActive(active, async () => (from && to ? lab.faults.cut(from, to) : undefined));
    });
  }

  test(
    'the active node loses database and peer, the exporters still reach it: its successor takes the address over',
    { skip: skipLong },
    async () => {
      const from = await pair.recover();
      const to = pair.other(from);
      const outcomes = await withTraffic(pair, ['netflow9'], async () => {
        await lab.faults.cutBoth(from.host, lab.database.host);
        await lab.faults.cutBoth(from.host, to.host);
        await pair.becomes(to, 'active');
        await pair.becomes(from, 'standby');
        await pair.isOwnedBy(to.host);
        await lab.faults.healAll();
        assert.equal(await pair.isWell(), to);
      });
      for (const { double } of outcomes) assert.equal(double, 0);
    },
  );

  test('a stranger with the virtual IP: the active node says so, and defends', { skip: skipLong }, async () => {
    const active = await pair.recover();
    const mark = await pair.mark();
    await lab.faults.steal(lab.database.host, VIRTUAL_IP);
    const { own } = await pair.shows(active, 'that the address is contested', (status) =>
      status.own.reason.includes('not of the pair'),
    );
    assert.equal(own.role, 'active');
    await lab.faults.giveBack(lab.database.host, VIRTUAL_IP);
    await pair.shows(active, 'that it is not contested', (status) => !status.own.reason.includes('not of the pair'));
    assert.deepEqual(await pair.moves(mark), []);
  });

  test('a cable that comes and goes moves the role once in thirty seconds at most', { skip: skipLong }, async () => {
    const active = await pair.recover();
    const mark = await pair.mark();
    for (let time = 0; time < 5; time += 1) {
      await lab.faults.pullCable(active.host);
      await pause(1500);
      await lab.faults.plugCable(active.host);
      await pause(1500);
    }
    const last = await pair.isWell();
    await pair.isOwnedBy(last.host);
    assert.ok((await pair.events(mark, 'takeover')).length <= 1);
  });

  test('both nodes started at once: one of them is active, under one epoch', { skip: skipLong }, async () => {
    await pair.recover();
    await Promise.all(pair.nodes.map((node) => node.stop()));
    await Promise.all(pair.nodes.map((node) => node.start()));
    const active = await pair.isWell();
    await pair.isOwnedBy(active.host);
  });

  async function staysActive(active: RunningPair['a'], fault: () => Promise<unknown>): Promise<void> {
    const mark = await pair.mark();
    const epoch = await pair.epoch();
    const outcomes = await withTraffic(pair, ['netflow9'], async () => {
      await fault();
      await pause(LONG_ENOUGH_MS);
      assert.equal((await pair.status(active))?.own.role, 'active');
      await pair.isOwnedBy(active.host);
      assert.equal(await pair.recover(), active);
    });
    assertNothingLost(outcomes);
    assert.equal(await pair.epoch(), epoch);
    assert.deepEqual(await pair.moves(mark), []);
  }
});
