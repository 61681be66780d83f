import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { skipWithout } from '../../support/packages.ts';
import { whyNoNamespaces } from '../lab/ip.ts';
import { Lab } from '../lab/lab.ts';
import type { NodeProcess } from '../lab/node-process.ts';
import { RunningPair } from '../lab/running-pair.ts';
import { assertNothingLost, assertOneGap, withTraffic } from './with-traffic.ts';

const isLong = process.env['ALL_FAULTS'] !== undefined;
const skip =
  whyNoNamespaces() ||
  skipWithout('ip', 'bridge', 'arping', 'redis-server') ||
  (!isLong && 'part of the long run: npm run test:long');
/** Longer than a lease and a takeover window. */
const LONG_ENOUGH_MS = 8000;
/** So that batches wait when the node dies. */
const WAITING_MS = 3000;
/** Of them, what is written may wait for the folder of the dead node to be free. */
const CLAIM_TIMEOUT = '5s';

describe('the pair queues its batches in Redis', { skip }, () => {
  let lab: Lab;
  let pair: RunningPair;

  before(async () => {
    lab = await Lab.start({ redis: true });
    pair = await RunningPair.start(lab, { settings: { queue: 'bullmq' }, sharesJournal: false });
  });
  after(() => lab?.remove());

  test('Redis down: batches go to the journal of the node, and on to the queue when it is back; no role changes', async () => {
    const active = await pair.recover();
    const mark = await pair.mark();
    const outcomes = await withTraffic(pair, ['netflow9'], async () => {
      await lab.redis?.kill();
      await eventuallyQueue(active, 'away');
      await pause(LONG_ENOUGH_MS);
      const { queue } = (await pair.collector(active)) ?? {};
      assert.ok((queue?.toJournal ?? 0) > 0);
      assert.equal((await pair.status(active))?.own.role, 'active');
      await lab.redis?.start();
      await eventuallyQueue(active, 'well');
      assert.equal(await pair.isWell(), active);
    });
    assertNothingLost(outcomes);
    assert.deepEqual(await pair.moves(mark), []);
  });

  test('power-off with batches in Redis: the other node writes them', async () => {
    const active = await pair.recover();
    await survivorWrites(pair, active, async () => ((await pair.collector(active))?.queue?.waitingBatches ?? 0) > 0);
  });

  async function eventuallyQueue(node: NodeProcess, state: 'away' | 'well'): Promise<void> {
    await pair.until(
      `the queue of ${node.host.name} is ${state}`,
      async () => (await pair.collector(node))?.queue?.state === state,
    );
  }
});

describe('the nodes of the pair share a folder for their journals', { skip }, () => {
  let lab: Lab;
  let pair: RunningPair;

  before(async () => {
    lab = await Lab.start();
    pair = await RunningPair.start(lab, { journal: { claimTimeout: CLAIM_TIMEOUT } });
  });
  after(() => lab?.remove());

  test('power-off with batches in it: the other node writes them', async () => {
    const active = await pair.recover();
    await survivorWrites(pair, active, async () => ((await pair.collector(active))?.journal.batches ?? 0) > 0);
  });
});

/** The database is away when the active node dies, so what it accepted waits; nothing but the gap itself may be missing. */
async function survivorWrites(pair: RunningPair, from: NodeProcess, waits: () => Promise<boolean>): Promise<void> {
  const to = pair.other(from);
  const { lab } = pair;
  const outcomes = await withTraffic(pair, ['netflow9', 'ipfix'], async () => {
    await lab.database.stop('immediate');
    await pair.shows(from, 'that only the peer agrees', ({ own }) => own.votes.database.leftMs === 0);
    await pause(WAITING_MS);
    assert.ok(await waits(), 'batches wait');
    await lab.faults.powerOff(from.host);
    await pair.becomes(to, 'collecting');
    await lab.database.start();
    await pair.becomes(to, 'active');
    await pair.isOwnedBy(to.host);
  });
  assert.equal(from.isRunning, false, 'the node that died is still away');
  assertOneGap(outcomes);
}
