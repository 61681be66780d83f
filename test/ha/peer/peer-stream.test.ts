import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';

import type { PeerStream } from '../../../ha/peer/peer-stream.ts';
import { MAX_FRAME_BYTES } from '../../../ha/peer/stream/frames.ts';
import { dialTls } from '../../../ha/peer/stream/stream-tls.ts';
import { SECRET } from './linked.ts';
import { freeTcpPort, nextMessage, nextOpen, streamOf, TcpRelay, whenClosed } from './streams.ts';

async function startBoth(t: TestContext) {
  const [portA, portB] = [await freeTcpPort(), await freeTcpPort()];
  const a = streamOf(t, 'a', portA, 'b', portB);
  const b = streamOf(t, 'b', portB, 'a', portA);
  const opened = [nextOpen(a), nextOpen(b)] as const;
  await Promise.all([a.start(), b.start()]);
  const [toB, toA] = await Promise.all(opened);
  return { a, b, toA, toB, portA, portB };
}

/** A connection of somebody who has the secret and the name `b`, and speaks as the test wants. */
async function dialAs(t: TestContext, name: string, stream: PeerStream, secret = SECRET) {
  const at = { host: '127.0.0.1', port: stream.port, localAddress: '127.0.0.1' };
  const socket = dialTls({ ...at, node: name, peer: 'a', secret });
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  const closed = whenEnded(socket);
  socket.resume();
  return { socket, closed };
}

/** With or without an error. */
function whenEnded(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

test('two nodes open one connection, and messages go both ways in order, the largest too', async (t) => {
  const { a, b, toA, toB } = await startBoth(t);
  assert.equal(toB.peer?.node, 'b');
  assert.equal(toA.peer?.program, '1.0.0-a');
  const largest = Buffer.alloc(MAX_FRAME_BYTES, 5);
  const heard: number[] = [];
  const all = new Promise<void>((resolve) => {
    toA.onMessage = (payload) => heard.push(payload.length) === 3 && resolve();
  });
  toB.send(Buffer.from('x'));
  assert.equal(toB.send(largest), false);
  toB.send(Buffer.alloc(0));
  await all;
  assert.deepEqual(heard, [1, MAX_FRAME_BYTES, 0]);
  const answer = nextMessage(toB);
  toA.send(Buffer.from('back'));
  assert.equal(String(await answer), 'back');
  assert.deepEqual([a.status.isOpen, b.status.isOpen, a.status.opened, b.status.opened], [true, true, 1, 1]);
  assert.deepEqual([a.status.dialer, b.status.dialer], ['a', 'a']);
});

test('a message over the bound is not sent, and the connection stays', async (t) => {
  const { toA, toB } = await startBoth(t);
  const error = await new Promise((resolve) => toB.send(Buffer.alloc(MAX_FRAME_BYTES + 1), resolve));
  assert.match(String(error), /16777217 bytes, allowed are 16777216/);
  const heard = nextMessage(toA);
  toB.send(Buffer.from('still here'));
  assert.equal(String(await heard), 'still here');
});

test('a sender is told when more waits than is good, and when there is room again', async (t) => {
  const { toA, toB } = await startBoth(t);
  const heard = nextMessage(toA);
  const room = new Promise<void>((resolve) => (toB.onRoom = resolve));
  assert.equal(toB.send(Buffer.alloc(1 << 20)), false);
  assert.ok(toB.unsentBytes > 0);
  await Promise.all([heard, room]);
});

test('a node that restarts is connected again', async (t) => {
  const { a, b, toB, portA, portB } = await startBoth(t);
  const lost = whenClosed(toB);
  const again = nextOpen(a);
  await b.stop();
  await lost;
  const restarted = streamOf(t, 'b', portB, 'a', portA);
  await restarted.start();
  const connection = await again;
  assert.notEqual(connection.peer?.session, toB.peer?.session);
});

test('the node with the larger name connects where the other cannot', async (t) => {
  const [portA, portB, nowhere] = [await freeTcpPort(), await freeTcpPort(), await freeTcpPort()];
  const a = streamOf(t, 'a', portA, 'b', nowhere);
  const b = streamOf(t, 'b', portB, 'a', portA);
  const opened = Promise.all([nextOpen(a), nextOpen(b)]);
  await Promise.all([a.start(), b.start()]);
  const [toB] = await opened;
  assert.equal(toB.dialer, 'b');
});

test('a network that falls silent is noticed by both, though no connection ends', async (t) => {
  const [portA, portB] = [await freeTcpPort(), await freeTcpPort()];
  const relay = await TcpRelay.open(t, portB);
  const a = streamOf(t, 'a', portA, 'b', relay.port);
  const b = streamOf(t, 'b', portB, 'a', await freeTcpPort());
  const opened = Promise.all([nextOpen(a), nextOpen(b)]);
  await Promise.all([a.start(), b.start()]);
  const connections = await opened;
  relay.fallSilent();
  const reasons = await Promise.all(connections.map(whenClosed));
  assert.deepEqual(reasons, ['the peer is silent', 'the peer is silent']);
  assert.equal(a.status.isOpen, false);
  assert.equal(a.status.trouble, 'the peer is silent');
});

test('who has another secret gets no connection, the one that is open stays, and each says what to look at', async (t) => {
  const { a, toA, toB } = await startBoth(t);
  const { closed } = await dialAs(t, 'b', a, Buffer.alloc(32, 9));
  await closed;
  assert.equal(a.status.failedHandshakes, 1);
  const heard = nextMessage(toA);
  toB.send(Buffer.from('still here'));
  assert.equal(String(await heard), 'still here');

  const [portC, portD] = [await freeTcpPort(), await freeTcpPort()];
  const stranger = streamOf(t, 'a', portC, 'b', portD, { secret: Buffer.alloc(32, 9) });
  const other = streamOf(t, 'b', portD, 'a', portC);
  await other.start();
  await stranger.start();
  while (!/same ha\.secretFile/.test(stranger.status.trouble)) await new Promise((resolve) => setImmediate(resolve));
});

test("a connection with the node's own name, or an unknown one, fails", async (t) => {
  const { a } = await startBoth(t);
  for (const name of ['a', 'c']) await (await dialAs(t, name, a)).closed;
  assert.equal(a.status.failedHandshakes, 2);
});

test('a peer that announces a frame over the bound is cut off', async (t) => {
  const { a, toB } = await startBoth(t);
  const { socket, closed } = await dialAs(t, 'b', a);
  await once(socket, 'secureConnect');
  // 4 bytes of length, 1 of type: a hello of 4 GiB.
  socket.write(Buffer.from('ffffffff01', 'hex'));
  await closed;
  assert.ok(toB.isOpen);
});

test('a peer of another version, or that says no hello, is refused with a word', async (t) => {
  const { a, toB } = await startBoth(t);
  const { socket, closed } = await dialAs(t, 'b', a);
  await once(socket, 'secureConnect');
  const hello = Buffer.from('{"link":7,"node":"b","session":"00","program":"7.0"}');
  const said = once(socket, 'data');
  socket.write(Buffer.concat([Buffer.from([0, 0, 0, hello.length, 1]), hello]));
  const [bytes] = await said;
  assert.match(String(bytes), /version 7 of the link was offered, a speaks version 1/);
  await closed;

  const mute = await dialAs(t, 'b', a);
  await once(mute.socket, 'secureConnect');
  mute.socket.write(Buffer.from('0000000003', 'hex'));
  await mute.closed;
  assert.ok(toB.isOpen);
});

test('connections that say nothing are few at a time, and the peer is not kept out by them', async (t) => {
  const [portA, portB] = [await freeTcpPort(), await freeTcpPort()];
  const a = streamOf(t, 'a', portA, 'b', portB, { peer: { name: 'b', address: '127.0.0.1', port: portB } });
  await a.start();
  const idle = Array.from({ length: 40 }, () => {
    const socket = connect({ host: '127.0.0.1', port: portA, localAddress: '127.0.0.2' });
    socket.on('error', () => {});
    socket.resume();
    t.after(() => socket.destroy());
    return whenEnded(socket);
  });
  // Twenty of other addresses are looked at in a second, eight of them at a time: no fewer than 32 are sent away at once.
  await Promise.any(idle);
  const b = streamOf(t, 'b', portB, 'a', portA);
  const opened = Promise.all([nextOpen(a), nextOpen(b)]);
  await b.start();
  await opened;
  assert.ok(a.status.turnedAway >= 32);
  assert.ok(a.status.isOpen);
});

test('bytes that are no TLS are refused, and counted', async (t) => {
  const { a } = await startBoth(t);
  const socket = connect(a.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  socket.write('GET / HTTP/1.1\r\n\r\n');
  await whenEnded(socket);
  assert.equal(a.status.failedHandshakes, 1);
});
