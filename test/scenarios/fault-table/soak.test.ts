import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { skipWithout } from '../../support/packages.ts';
import { whyNoNamespaces } from '../lab/ip.ts';
import { Lab } from '../lab/lab.ts';
import { LossyLink } from '../lab/lossy-link.ts';
import { RunningPair } from '../lab/running-pair.ts';
import { assertNothingLost, withTraffic } from './with-traffic.ts';

const minutes = Number(process.env['SOAK_MINUTES'] ?? 0);
const skip =
  whyNoNamespaces() || skipWithout('ip', 'bridge', 'arping') || (minutes === 0 && 'set SOAK_MINUTES, 30 for the whole');
const PEER_PORT = 8056;
const WELL_MS = 10_000;
const STALL_MS = 4000;

test('30 % loss between the nodes and a database that stalls again and again cause no failover', { skip }, async () => {
  const lab = await Lab.start();
  try {
    const relay = await lab.segment.addHost('relay', 6);
    const link = await LossyLink.start(relay, { ends: [lab.a.address, lab.b.address], port: PEER_PORT });
    const pair = await RunningPair.start(lab, { peerAddress: link.address });
    const active = await pair.isWell();
    const mark = await pair.mark();
    const epoch = await pair.epoch();
    await link.become({ loss: 0.3 });
    const outcomes = await withTraffic(
      pair,
      ['netflow9'],
      async () => {
        for (const end = performance.now() + minutes * 60_000; performance.now() < end;) {
          await pause(WELL_MS);
          await lab.faults.freeze(lab.database.host);
          await pause(STALL_MS);
          await lab.faults.thaw(lab.database.host);
        }
        await link.become({});
        assert.equal(await pair.isWell(), active);
      },
      200,
    );
    assert.deepEqual(await pair.events(mark, 'takeover', 'switchover'), []);
    assert.equal(await pair.epoch(), epoch);
    assertNothingLost(outcomes);
  } finally {
    await lab.remove();
  }
});
