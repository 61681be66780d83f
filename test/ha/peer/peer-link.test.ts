import assert from 'node:assert/strict';
import { test } from 'node:test';

import { beat, Pair } from './linked.ts';

test('two nodes with one secret hear each other, and what a beat says arrives as it was sent', async (t) => {
  const pair = await Pair.open(t);
  const [a, b] = await pair.startBoth();
  a.pause();
  const said = beat('a', Number.MAX_SAFE_INTEGER, {
    role: 'active',
    epoch: 2 ** 40 + 3,
    wantsGrant: true,
    grants: 77,
    isReady: false,
  });
  const heard = new Promise((resolve) => (b.link.onBeat = (each) => each.number > 2 ** 50 && resolve(each)));
  a.link.send(said);
  assert.deepEqual(await heard, said);

  const { status } = a.link;
  assert.equal(status.peerVersion, '1.0.0-b');
  assert.equal(status.peerLinkVersion, 1);
  assert.equal(status.peerSession, b.link.session);
  assert.equal(status.peerRestarts, 0);
  assert.equal(status.heardFrom, '127.0.0.1');
  assert.deepEqual(status.troubles, []);
  assert.ok((status.roundTripMs ?? -1) >= 0);
});

test('nothing that is sent can be read without the secret', async (t) => {
  const pair = await Pair.open(t);
  await pair.startBoth();
  const sent = Buffer.concat(pair.toA.seen).toString('latin1');
  assert.ok(!sent.includes('1.0.0-b'));
});

test('a node with another secret is not heard, and the status says what to look at', async (t) => {
  const pair = await Pair.open(t);
  const a = await pair.startA();
  const refused = new Promise<void>((resolve) => {
    pair.toA.passes = () => {
      if (a.link.status.refused.badTag > 0) resolve();
      return true;
    };
  });
  await pair.startB({ secret: Buffer.alloc(32, 8) });
  await refused;
  assert.equal(a.heard.length, 0);
  assert.equal(a.link.status.heardAgoMs, undefined);
  assert.match(a.link.status.troubles.join(), /127\.0\.0\.1 fail authentication: .*same ha\.secretFile/);
});

for (const side of ['a', 'b'] as const) {
  test(`a restart of ${side} is noticed by the other, and beats go on`, async (t) => {
    const pair = await Pair.open(t);
    const [a, b] = await pair.startBoth();
    const [stopped, other] = side === 'a' ? [a, b] : [b, a];
    await stopped.stop();
    const again = side === 'a' ? await pair.startA() : await pair.startB();
    await Promise.all([again.more(3), other.more(3)]);
    assert.equal(other.link.status.peerSession, again.link.session);
    assert.equal(other.link.status.peerRestarts, 1);
    assert.equal(again.link.status.peerRestarts, 0);
  });
}

test('with three of ten datagrams lost either way the nodes find each other, and about as many beats are missed', async (t) => {
  const pair = await Pair.open(t);
  let count = 0;
  const isLost = (): boolean => [2, 5, 8].includes((count += 1) % 10);
  pair.toA.passes = pair.toB.passes = () => !isLost();
  const [a, b] = await pair.startBoth();
  await Promise.all([a.more(100), b.more(100)]);
  for (const { link } of [a, b]) assert.ok(link.status.lossRate > 0.15 && link.status.lossRate < 0.45);
  for (const { heard } of [a, b]) assert.equal(new Set(heard.map(({ number }) => number)).size, heard.length);
});

test('a peer that falls silent and comes back with the same run is heard again, and is no restart', async (t) => {
  const pair = await Pair.open(t);
  const [a, b] = await pair.startBoth();
  const asked = new Promise<void>((resolve) => {
    pair.toA.passes = () => false;
    // A hello: kind 1. The link asks anew, since it hears nothing.
    pair.toB.passes = (bytes) => {
      if (bytes[3] === 1) resolve();
      return false;
    };
  });
  await asked;
  pair.toA.passes = pair.toB.passes = () => true;
  await Promise.all([a.more(3), b.more(3)]);
  assert.equal(a.link.status.peerRestarts + b.link.status.peerRestarts, 0);
});

test('while one direction is cut, beats of the other are taken all the same', async (t) => {
  const pair = await Pair.open(t);
  const [a, b] = await pair.startBoth();
  pair.toA.passes = () => false;
  const heardByA = a.heard.length;
  await b.more(80);
  assert.ok(a.heard.length <= heardByA + 2);
  pair.toA.passes = () => true;
  await Promise.all([a.more(3), b.more(3)]);
});

test('a socket that cannot be bound is told with what to look at', async (t) => {
  const pair = await Pair.open(t);
  await assert.rejects(pair.startA({ address: '192.0.2.1' }), { code: 'PEER_LINK_FAILED', message: /192\.0\.2\.1/ });
});
