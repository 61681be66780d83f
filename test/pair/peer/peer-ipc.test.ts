import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test, type TestContext } from 'node:test';

import { PeerStream } from '../../../ha/peer/peer-stream.ts';
import type { PeerConnection } from '../../../ha/peer/stream/peer-connection.ts';
import { PeerIpc } from '../../../src/pair/peer/peer-ipc.ts';
import { Channel } from '../../../src/processes/channel.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';

interface Words {
  readonly messages: { readonly templates: Map<string, Buffer> };
  readonly requests: { readonly double: { readonly body: bigint; readonly answer: bigint } };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** The connections of two nodes to each other. */
async function connected(t: TestContext): Promise<[PeerConnection, PeerConnection]> {
  const [portA, portB] = [await freePort(), await freePort()];
  const at = '127.0.0.1';
  const common = { address: at, secret: Buffer.alloc(32, 7), version: '1' };
  const streams = [
    new PeerStream(
      { ...common, node: 'a', port: portA, peer: { name: 'b', address: at, port: portB } },
      systemClock,
      silentLog,
    ),
    new PeerStream(
      { ...common, node: 'b', port: portB, peer: { name: 'a', address: at, port: portA } },
      systemClock,
      silentLog,
    ),
  ] as const;
  t.after(() => Promise.all(streams.map((stream) => stream.stop())));
  const opened = streams.map((stream) => new Promise<PeerConnection>((resolve) => (stream.onOpen = resolve)));
  for (const stream of streams) await stream.start();
  const [one, other] = await Promise.all(opened);
  assert.ok(one !== undefined && other !== undefined);
  return [one, other];
}

test('nodes ask and tell each other over a channel, as processes do', async (t) => {
  const [toB, toA] = await connected(t);
  const here = new Channel<Words, Words>(new PeerIpc(toB));
  const there = new Channel<Words, Words>(new PeerIpc(toA));
  there.answer('double', (body) => body * 2n);
  assert.equal(await here.request('double', 2n ** 70n, 5000), 2n ** 71n);
  await assert.rejects(there.request('double', 1n, 5000), { code: 'REQUEST_FAILED' });

  const told = new Promise<Map<string, Buffer>>((resolve) => here.on('templates', resolve));
  assert.equal(await there.deliver('templates', new Map([['192.0.2.1', Buffer.from([1, 2])]])), true);
  assert.deepEqual((await told).get('192.0.2.1'), Buffer.from([1, 2]));
});

test('a channel closes with its connection, and what waits for an answer is told', async (t) => {
  const [toB, toA] = await connected(t);
  const here = new Channel<Words, Words>(new PeerIpc(toB));
  const there = new Channel<Words, Words>(new PeerIpc(toA));
  there.answer('double', () => new Promise<bigint>(() => toA.close('enough')));
  const closed = new Promise<void>((resolve) => (here.onClose = resolve));
  await assert.rejects(here.request('double', 1n, 5000), { code: 'CHANNEL_CLOSED' });
  await closed;
  assert.equal(here.isOpen, false);
  assert.equal(here.send('templates', new Map()), false);
});

test('what cannot be read closes the connection', async (t) => {
  const [toB, toA] = await connected(t);
  const channel = new Channel<Words, Words>(new PeerIpc(toB));
  const closed = new Promise<void>((resolve) => (channel.onClose = resolve));
  toA.send(Buffer.from('no serialized value'));
  await closed;
});
