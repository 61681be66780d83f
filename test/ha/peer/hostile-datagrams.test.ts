import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { sealHello } from '../../../ha/peer/beats/hello.ts';
import { helloKey } from '../../../ha/peer/link-keys.ts';
import { randomNumbers } from '../../support/random-numbers.ts';
import { beat, type BeatingNode, Pair, SECRET } from './linked.ts';

const FROM = '198.51.100.9';

/** What an attacker would like to change. */
function standing({ link, heard }: BeatingNode) {
  const { peerSession, peerRestarts, taken, peerVersion, heardFrom } = link.status;
  return { peerSession, peerRestarts, taken, peerVersion, heardFrom, heard: heard.length };
}

function refusedBy({ link }: BeatingNode): number {
  return Object.values(link.status.refused).reduce((sum, each) => sum + each, 0);
}

/** A hello and a beat of `b`, neither of which `a` has got. */
async function unheard(pair: Pair): Promise<{ a: BeatingNode; b: BeatingNode; beatOfB: Buffer; helloOfB: Buffer }> {
  const [a, b] = await pair.startBoth();
  a.pause();
  b.pause();
  const helloOfB = pair.toA.seen.find((bytes) => bytes[3] === 1);
  const held = new Promise<Buffer>((resolve) => {
    pair.toA.passes = (bytes) => {
      if (bytes[3] === 2) resolve(bytes);
      return false;
    };
  });
  pair.toB.passes = () => false;
  b.link.send(beat('b', 1_000_000));
  const beatOfB = await held;
  assert.ok(helloOfB !== undefined);
  return { a, b, beatOfB, helloOfB };
}

test('a beat or hello with any byte changed, or cut at any length, changes nothing and is counted', async (t) => {
  const { a, beatOfB, helloOfB } = await unheard(await Pair.open(t));
  const before = standing(a);
  for (const whole of [beatOfB, helloOfB]) {
    const variants = [
      ...Array.from(whole, (_byte, at) => whole.subarray(0, at)),
      ...Array.from(whole, (_byte, at) => Buffer.from(whole.map((byte, index) => (index === at ? byte ^ 0x40 : byte)))),
      Buffer.concat([whole, Buffer.from([0])]),
    ];
    for (const bytes of variants) {
      const refused = refusedBy(a);
      a.link.receive(bytes, FROM);
      assert.equal(refusedBy(a), refused + 1);
    }
  }
  assert.deepEqual(standing(a), before);
  a.link.receive(beatOfB, FROM);
  assert.equal(a.heard.at(-1)?.number, 1_000_000);
});

test('a beat that comes twice is taken once', async (t) => {
  const { a, beatOfB } = await unheard(await Pair.open(t));
  a.link.receive(beatOfB, FROM);
  const before = standing(a);
  for (let times = 0; times < 10; times += 1) a.link.receive(beatOfB, FROM);
  assert.deepEqual(standing(a), before);
  assert.equal(a.link.status.refused.replayed, 10);
});

test('what was recorded of earlier runs of the peer, played again in any order, does not disturb the run that is there', async (t) => {
  const pair = await Pair.open(t);
  const [a, b] = await pair.startBoth();
  await b.stop();
  const recorded = [...pair.toA.seen];
  const again = await pair.startB();
  await Promise.all([a.more(3), again.more(3)]);
  recorded.push(...pair.toA.seen);
  const { peerSession, peerRestarts } = a.link.status;
  for (const bytes of [...recorded, ...recorded.toReversed()]) a.link.receive(bytes, '127.0.0.1');
  await Promise.all([a.more(3), again.more(3)]);
  assert.equal(a.link.status.peerSession, peerSession);
  assert.equal(a.link.status.peerRestarts, peerRestarts);
  const numbers = a.heard.slice(a.heard.findLastIndex(({ number }) => number === 1) + 1).map(({ number }) => number);
  assert.equal(new Set(numbers).size, numbers.length);
});

test('what was recorded of the peer does not reach a later run of the node itself', async (t) => {
  const pair = await Pair.open(t);
  const [a, b] = await pair.startBoth();
  await Promise.all([a.stop(), b.stop()]);
  const again = await pair.startA();
  for (const bytes of pair.toA.seen) again.link.receive(bytes, '127.0.0.1');
  assert.equal(again.heard.length, 0);
  assert.equal(again.link.status.peerSession, undefined);
});

test("a node's own datagrams that come back change nothing, and the status says so", async (t) => {
  const pair = await Pair.open(t);
  const [a] = await pair.startBoth();
  const before = a.link.status;
  for (const bytes of pair.toB.seen) a.link.receive(bytes, '127.0.0.1');
  assert.equal(a.link.status.peerSession, before.peerSession);
  assert.ok(a.link.status.refused.ownEcho > 0);
  assert.match(a.link.status.troubles.join(), /our own datagrams come back from 127\.0\.0\.1/);
});

const hellos = {
  'a node with our name': { node: 'a', words: /has this node's name, a/, refusal: 'sameName' },
  'a node that is not the peer': { node: 'c', words: /a node named c at 198\.51\.100\.9/, refusal: 'otherName' },
  'a peer of another version': { version: 2, words: /speaks version 2 of the link/, refusal: 'otherVersion' },
} as const;
for (const [who, { words, refusal, ...more }] of Object.entries(hellos)) {
  test(`${who} is refused, and named`, async (t) => {
    const { a } = await unheard(await Pair.open(t));
    const before = standing(a);
    const ids = { session: Buffer.alloc(16, 1), challenge: Buffer.alloc(16, 2), answered: Buffer.alloc(16) };
    const hello = { version: 1, stage: 'asks', node: 'b', program: '9', ...ids, ...more } as const;
    a.link.receive(sealHello(helloKey(SECRET), hello), FROM);
    assert.equal(a.link.status.refused[refusal], 1);
    assert.match(a.link.status.troubles.join(), words);
    assert.deepEqual(standing(a), before);
  });
}

test('through a flood of datagrams of others beats go on, and nothing else changes', async (t) => {
  const pair = await Pair.open(t);
  const [a, b] = await pair.startBoth();
  const [helloOfB, beatOfB] = [1, 2].map((kind) => pair.toA.seen.findLast((bytes) => bytes[3] === kind));
  assert.ok(helloOfB !== undefined && beatOfB !== undefined);
  // The worst that somebody can send who sees the wire: right in all but the tag, its counter ahead of the peer's.
  const ahead = Buffer.from(beatOfB);
  ahead.writeUInt32BE(9, 8);
  const flood = [Buffer.alloc(88, 1), Buffer.alloc(1), Buffer.from(helloOfB).fill(0, 40), ahead];
  const over = new AbortController();
  const flooding = (async () => {
    while (!over.signal.aborted) {
      for (const bytes of flood) pair.toA.inject(bytes);
      await nextTurn();
    }
  })();
  await a.more(50);
  over.abort();
  await flooding;
  const { status } = a.link;
  assert.equal(status.peerSession, b.link.session);
  assert.equal(status.peerRestarts, 0);
  assert.ok(status.refused.badTag > 0 && status.refused.notOurs > 0 && status.refused.badLength > 0);
  assert.ok(status.refused.flooded > 0);
});

test('whatever bytes come, nothing throws, and nothing of it is taken', async (t) => {
  const { a, beatOfB, helloOfB } = await unheard(await Pair.open(t));
  const before = standing(a);
  const random = randomNumbers(20_261_123);
  const shapes = [beatOfB, helloOfB, Buffer.alloc(700)];
  for (let round = 0; round < 20_000; round += 1) {
    const shape = shapes[round % 3] ?? beatOfB;
    const bytes = Buffer.from(shape.subarray(0, random(2) === 0 ? shape.length : random(shape.length)));
    const changes = bytes.length === 0 ? 0 : 1 + random(4);
    for (let change = 0; change < changes; change += 1) bytes.writeUInt8(random(256), random(bytes.length));
    if (!shapes.some((each) => each.equals(bytes))) a.link.receive(bytes, FROM);
  }
  assert.deepEqual(standing(a), before);
});
