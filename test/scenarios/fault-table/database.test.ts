import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { skipWithout } from '../../support/packages.ts';
import { eventually } from '../../support/processes.ts';
import { whyNoNamespaces } from '../lab/ip.ts';
import { Lab } from '../lab/lab.ts';
import { RunningPair } from '../lab/running-pair.ts';
import { assertNothingLost, assertOneGap, withTraffic } from './with-traffic.ts';

const skip = whyNoNamespaces() || skipWithout('ip', 'bridge', 'arping');
const isLong = process.env['ALL_FAULTS'] !== undefined;
const skipLong = skip || (!isLong && 'part of the long run: npm run test:long');
const OUTAGE_MS = isLong ? 60_000 : 12_000;
/** Longer than a lease and a takeover window. */
const LONG_ENOUGH_MS = 8000;

describe('the database of the pair fails', { skip }, () => {
  let lab: Lab;
  let pair: RunningPair;

  before(async () => {
    lab = await Lab.start();
    pair = await RunningPair.start(lab);
  });
  after(() => lab?.remove());

  test('database down: no role changes, everything is journaled and then written once', async () => {
    const active = await pair.recover();
    const mark = await pair.mark();
    const epoch = await pair.epoch();
    const outcomes = await withTraffic(pair, ['netflow9', 'ipfix'], async () => {
      await lab.database.stop('immediate');
      await pair.shows(active, 'that only the peer agrees', ({ own }) => own.votes.database.leftMs === 0);
      await pause(OUTAGE_MS);
      assert.equal((await pair.status(active))?.own.role, 'active');
      await pair.isOwnedBy(active.host);
      await lab.database.start();
      await pair.isWell();
    });
    assertNothingLost(outcomes);
    assert.equal(await pair.epoch(), epoch);
    assert.deepEqual(await pair.moves(mark), []);
  });

  test('standby off, and the database restarts: the active node goes on collecting, and is active again afterwards', async () => {
    const active = await pair.recover();
    const standby = pair.other(active);
    const outcomes = await withTraffic(pair, ['netflow9', 'syslog'], async () => {
      await standby.stop();
      await lab.database.stop('immediate');
      await pair.becomes(active, 'collecting');
      await pair.isOwnedBy(active.host);
      await lab.database.start();
      await pair.becomes(active, 'active');
    });
    assertNothingLost(outcomes);
  });

  test('database down, and then the active node dies: the standby collects, and has the full role when the database is back', async () => {
    const from = await pair.recover();
    const to = pair.other(from);
    const outcomes = await withTraffic(pair, ['netflow9', 'ipfix'], async () => {
      await lab.database.stop('immediate');
      await pair.shows(from, 'that only the peer agrees', ({ own }) => own.votes.database.leftMs === 0);
      await lab.faults.powerOff(from.host);
      await pair.becomes(to, 'collecting');
      await pair.isOwnedBy(to.host);
      await lab.database.start();
      await pair.becomes(to, 'active');
    });
    assertOneGap(outcomes);
  });

  test(
    'database cut from the active node only: it stays active on the grants of its peer, and says so',
    { skip: skipLong },
    async () => {
      const active = await pair.recover();
      const mark = await pair.mark();
      const outcomes = await withTraffic(pair, ['netflow9'], async () => {
        await lab.faults.cutBoth(active.host, lab.database.host);
        const { own } = await pair.shows(
          active,
          'that only the peer agrees',
          (status) => status.own.votes.database.leftMs === 0,
        );
        assert.match(own.reason, /the database does not answer in time/);
        await pause(LONG_ENOUGH_MS);
        assert.equal((await pair.status(active))?.own.role, 'active');
        await lab.faults.healBoth(active.host, lab.database.host);
        await pair.isWell();
      });
      assertNothingLost(outcomes);
      assert.deepEqual(await pair.moves(mark), []);
    },
  );

  test(
    'database cut from the standby only: nothing changes, and the standby says why it is not ready',
    { skip: skipLong },
    async () => {
      const active = await pair.recover();
      const standby = pair.other(active);
      const mark = await pair.mark();
      await lab.faults.cutBoth(standby.host, lab.database.host);
      const { own } = await pair.shows(standby, 'that it is not ready', (status) => !status.own.readiness.isReady);
      assert.ok(own.readiness.findings.some(({ name, state }) => state === 'fail' && name.includes('database')));
      await pause(LONG_ENOUGH_MS);
      assert.equal((await pair.status(active))?.own.role, 'active');
      await pair.recover();
      assert.deepEqual(await pair.moves(mark), []);
    },
  );

  test(
    'a database that answers after two seconds: the grants of the peer hold the lease',
    { skip: skipLong },
    async () => {
      const active = await pair.recover();
      const mark = await pair.mark();
      const outcomes = await withTraffic(pair, ['netflow9'], async () => {
        lab.faults.slowDown(lab.database.host, 2000);
        await pause(20_000);
        assert.equal((await pair.status(active))?.own.role, 'active');
        await lab.faults.speedUp(lab.database.host);
        await pair.isWell();
      });
      assertNothingLost(outcomes);
      assert.deepEqual(await pair.moves(mark), []);
    },
  );

  test(
    'a database from an older backup: the higher epoch on the disks of the nodes wins',
    { skip: skipLong },
    async () => {
      const from = await pair.recover();
      const epoch = await pair.epoch();
      // What a restore brings back: a heartbeat of long ago, of another run of the other node.
      await lab.database.query(`UPDATE ha_heartbeat SET epoch = 1, counter = 1, holder = $1, session = 'of long ago'`, [
        pair.other(from).host.name,
      ]);
      await eventually('the heartbeat is above what the nodes remember', async () => (await pair.epoch()) >= epoch);
      const active = await pair.isWell();
      assert.ok((await pair.epoch()) >= epoch);
      await pair.isOwnedBy(active.host);
    },
  );
});
