import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { skipWithout } from '../../support/packages.ts';
import { whyNoNamespaces } from '../lab/ip.ts';
import { Lab } from '../lab/lab.ts';
import { RunningPair } from '../lab/running-pair.ts';
import { assertNoLongerGap, assertOneGap, assertOneTurnLost, withTraffic } from './with-traffic.ts';

const skip = whyNoNamespaces() || skipWithout('ip', 'bridge', 'arping');

describe('a node of the pair fails', { skip }, () => {
  let lab: Lab;
  let pair: RunningPair;

  before(async () => {
    lab = await Lab.start();
    pair = await RunningPair.start(lab, { settings: { log: { level: 'debug' } } });
  });
  after(() => lab?.remove());

  test('a switchover loses nothing, and the successor understands exporters that sent their templates once', async () => {
    const from = await pair.recover();
    const mark = await pair.mark();
    const epoch = await pair.epoch();
    const outcomes = await withTraffic(pair, ['netflow9', 'ipfix'], async () => {
      await from.command('switchover');
      await pair.becomes(pair.other(from), 'active');
      await pair.isOwnedBy(pair.other(from).host);
    });
    assert.ok((await pair.epoch()) > epoch);
    for (const { missing, double, unknown } of outcomes)
      assert.deepEqual({ missing, double, unknown }, { missing: 0, double: 0, unknown: 0 });
    await pair.until('it is told as what it was', async () => (await pair.moves(mark)).length === 3);
    const kinds = (await pair.moves(mark)).map(({ kind }) => kind);
    assert.deepEqual(kinds.toSorted(), ['role', 'role', 'switchover'], 'nobody is woken by a takeover');
  });

  test('power-off: the standby takes over inside its window, and decodes the first datagram that it gets', async () => {
    const from = await pair.recover();
    const mark = await pair.mark();
    const to = pair.other(from);
    const outcomes = await withTraffic(pair, ['netflow9', 'ipfix'], async () => {
      await lab.faults.powerOff(from.host);
      await pair.becomes(to, 'active');
      await pair.isOwnedBy(to.host);
    });
    assertOneGap(outcomes);
    await pair.until('the takeover is told', async () => (await pair.events(mark, 'takeover')).length === 1);
  });

  test('kill -9 of the keeper: nobody is left with the address, and one node collects again inside the window', async () => {
    const from = await pair.recover();
    const to = pair.other(from);
    const outcomes = await withTraffic(pair, ['netflow9'], async () => {
      from.killKeeper();
      await pair.becomes(to, 'active');
      await pair.isOwnedBy(to.host);
      assert.equal(await from.host.carries('10.77.0.100'), false);
    });
    assertNoLongerGap(outcomes);
  });

  test('kill -9 of a worker: no failover, and nothing is lost but what it had just read', async () => {
    const active = await pair.recover();
    const mark = await pair.mark();
    const outcomes = await withTraffic(pair, ['netflow9', 'syslog'], async () => {
      assert.equal((await active.host.signal(/^dogwatch worker/, 'SIGKILL')).length > 0, true);
      await pause(3000);
    });
    assert.deepEqual(await pair.moves(mark), []);
    assertOneTurnLost(outcomes);
  });
});
