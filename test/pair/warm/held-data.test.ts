import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longs, netflow9, set, template } from '../../support/flow-datagrams.ts';
import { WarmPair, type WarmNode } from '../../support/warm-pair.ts';

// RFC 3954: octetDeltaCount (1) of four bytes.
const DEFINE = netflow9({ sequence: 90 }, set(0, [template(256, [[1, 4]])]));
const data = (octets: number): Buffer => netflow9({ sequence: octets }, set(256, [longs(octets)]));

/** A leads, the link is open, and one datagram waits at A for its template. */
async function pairWithHeldData(): Promise<WarmPair> {
  const pair = new WarmPair();
  await pair.connect();
  pair.a.become('active');
  pair.a.worker.feed(data(1));
  await pair.rest();
  return pair;
}

async function handOver(from: WarmNode, to: WarmNode): Promise<void> {
  from.become('standby');
  to.become('active');
}

/** What is in the rows of both nodes. */
function stored(pair: WarmPair): unknown[] {
  return [...pair.a.worker.flows('bytes'), ...pair.b.worker.flows('bytes')].toSorted(
    (one, other) => Number(one) - Number(other),
  );
}

test('data that waits is decoded once, by the node that leads when its template comes', async () => {
  const pair = await pairWithHeldData();
  await handOver(pair.a, pair.b);
  pair.b.worker.feed(DEFINE);
  await pair.rest();
  assert.deepEqual(pair.b.worker.flows('bytes'), [1]);
  assert.deepEqual(stored(pair), [1]);
  await pair.comparison();
  assert.deepEqual([pair.a.keys('flow.held'), pair.b.keys('flow.held')], [[], []]);
});

test('it comes back with the role, however soon', async () => {
  const pair = await pairWithHeldData();
  await handOver(pair.a, pair.b);
  await handOver(pair.b, pair.a);
  await pair.rest();
  pair.a.worker.feed(DEFINE);
  await pair.rest();
  assert.deepEqual(pair.a.worker.flows('bytes'), [1]);
  assert.deepEqual(stored(pair), [1]);
});

test('a switchover that is refused leaves it where it was', async () => {
  const pair = await pairWithHeldData();
  pair.a.become('standby');
  pair.a.become('active');
  await pair.rest();
  pair.a.worker.feed(DEFINE);
  await pair.rest();
  assert.deepEqual(pair.a.worker.flows('bytes'), [1]);
  assert.deepEqual(stored(pair), [1]);
});

test('a node that leads again and again holds it once', async () => {
  const pair = await pairWithHeldData();
  pair.a.mirror.lead();
  pair.a.mirror.lead();
  assert.equal(pair.a.worker.decoder.totals.waiting, 1);
});

test('what comes to the old node while a switchover ends goes to the new one: data, templates, and that it was decoded', async () => {
  const pair = await pairWithHeldData();
  await handOver(pair.a, pair.b);
  pair.a.worker.feed(data(2));
  await pair.rest();
  assert.equal(pair.a.worker.decoder.totals.waiting, 0);
  pair.a.worker.feed(DEFINE);
  await pair.rest();
  assert.deepEqual(pair.b.worker.flows('bytes'), [1, 2]);
  assert.deepEqual(stored(pair), [1, 2]);
  pair.b.worker.feed(data(3));
  assert.equal(pair.b.worker.decoder.totals.waiting, 0, 'the template is known');
});

test('what the other node was not told in time waits on, and is given to it when the link is back', async () => {
  const pair = await pairWithHeldData();
  pair.cut();
  pair.a.worker.feed(data(2));
  pair.a.become('standby');
  pair.b.become('active');
  assert.deepEqual(
    [pair.a, pair.b].map(({ worker }) => worker.decoder.totals.waiting),
    [1, 1],
  );
  pair.b.worker.feed(DEFINE);
  await pair.connect();
  assert.deepEqual(stored(pair), [1, 2]);
  await pair.comparison();
  await pair.comparison();
  assert.deepEqual(pair.b.mirror.differing, []);
});

test('a node that dies when it has decoded leaves nothing to decode again, and one that dies before leaves all', async () => {
  const after = await pairWithHeldData();
  after.a.worker.feed(DEFINE);
  await after.rest();
  after.cut();
  after.b.become('active');
  after.b.worker.feed(DEFINE);
  assert.deepEqual(stored(after), [1]);
  const before = await pairWithHeldData();
  before.cut();
  before.b.become('active');
  before.b.worker.feed(DEFINE);
  assert.deepEqual(before.b.worker.flows('bytes'), [1]);
});

test('two nodes that lead both, each heard by the other, decode what came to them', async () => {
  const pair = await pairWithHeldData();
  pair.b.become('active');
  pair.b.worker.feed(data(2));
  await pair.rest();
  pair.a.become('standby');
  await pair.rest();
  pair.b.worker.feed(DEFINE);
  await pair.rest();
  assert.deepEqual(stored(pair), [1, 2]);
});
