import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Beating, beat, freeUdpPort, linkOf } from './linked.ts';

test('two nodes with one secret hear each other, and what a beat says arrives as it was sent', async (t) => {
  const [portA, portB] = [await freeUdpPort(), await freeUdpPort()];
  const a = linkOf('a', portA, 'b', portB);
  const b = linkOf('b', portB, 'a', portA);
  t.after(() => Promise.all([a.stop(), b.stop()]));
  await a.start();
  await b.start();
  const beatsOfB = new Beating(b, 'b');
  const beatsOfA = new Beating(a, 'a');
  t.after(() => [beatsOfA, beatsOfB].forEach((each) => each.stop()));
  await Promise.all([beatsOfA.more(3), beatsOfB.more(3)]);

  const said = beat('a', 9_007_199_254_740_991, {
    role: 'active',
    epoch: 2 ** 40 + 3,
    wantsGrant: true,
    grants: 77,
    isReady: false,
  });
  beatsOfA.stop();
  const heard = new Promise((resolve) => (b.onBeat = (each) => each.number > 2 ** 50 && resolve(each)));
  a.send(said);
  assert.deepEqual(await heard, said);

  const { status } = a;
  assert.equal(status.peerVersion, '1.0.0-b');
  assert.equal(status.peerLinkVersion, 1);
  assert.equal(status.peerSession, b.session);
  assert.equal(status.peerRestarts, 0);
  assert.deepEqual(status.troubles, []);
  assert.ok((status.roundTripMs ?? -1) >= 0 && Math.abs(status.clockOffsetMs ?? Infinity) < 1000);
});
