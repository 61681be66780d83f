import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';

import type { Datagram } from '../../../collectors/datagram.ts';
import { UdpListener, type UdpListenerOptions } from '../../../collectors/listener/udp-listener.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';

const LOOPBACK: UdpListenerOptions = {
  family: 'flow',
  address: '127.0.0.1',
  port: 0,
  receiveBufferBytes: 1 << 20,
  allowFrom: [],
};

/** A started listener and a promise for its next datagram; stopped when the test ends. */
async function listen(t: TestContext, options: Partial<UdpListenerOptions> = {}) {
  const received: Datagram[] = [];
  let wake = (): void => {};
  const receive = (datagram: Datagram): void => {
    received.push({ ...datagram });
    wake();
  };
  const listener = new UdpListener({ ...LOOPBACK, ...options }, systemClock, receive, silentLog);
  await listener.start();
  t.after(() => listener.stop());
  const bound = listener.address();
  assert.ok(bound);
  const until = (count: number): Promise<void> =>
    new Promise((resolve) => {
      wake = () => received.length >= count && resolve();
      wake();
    });
  return { listener, received, until, port: bound.port };
}

async function send(t: TestContext, port: number, payloads: string[], from = '127.0.0.1') {
  const socket = createSocket(from.includes(':') ? 'udp6' : 'udp4');
  t.after(() => socket.close());
  socket.bind(0, from);
  await once(socket, 'listening');
  for (const payload of payloads) {
    await new Promise<void>((resolve, reject) => {
      socket.send(payload, port, from.includes(':') ? '::1' : '127.0.0.1', (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }
  return socket.address();
}

test('a datagram arrives with its payload, its sender and the time of arrival', async (t) => {
  const { received, until, port } = await listen(t);
  const before = Date.now() * 1000;
  const sender = await send(t, port, ['hello']);
  await until(1);
  assert.equal(received[0]?.bytes.toString(), 'hello');
  assert.equal(received[0]?.sourceAddress, '127.0.0.1');
  assert.equal(received[0]?.sourcePort, sender.port);
  assert.equal(received[0]?.localPort, port);
  assert.ok(Math.abs(received[0].receivedAtMicros - before) < 5_000_000);
});

test('a socket on :: hears IPv4 senders and calls them by their IPv4 address', async (t) => {
  const { received, until, port } = await listen(t, { address: '::' });
  await send(t, port, ['four']);
  await until(1);
  assert.equal(received[0]?.sourceAddress, '127.0.0.1');
});

test('senders outside the allow-list are counted and not heard', async (t) => {
  const { listener, received, until, port } = await listen(t, { allowFrom: ['127.0.0.2/31', '2001:db8::/32'] });
  await send(t, port, ['no', 'no']);
  await send(t, port, ['yes'], '127.0.0.3');
  await until(1);
  assert.deepEqual(
    received.map((datagram) => datagram.bytes.toString()),
    ['yes'],
  );
  assert.equal(listener.refused, 2);
});

test('what the kernel drops for want of buffer is counted', async (t) => {
  const { listener, received, port } = await listen(t, { receiveBufferBytes: 2048 });
  const sent = 2000;
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const payload = Buffer.alloc(1000);
  // All in one turn of the event loop, so that the listener cannot read in between.
  const all = Array.from({ length: sent }, async () => {
    await new Promise((resolve) => {
      socket.send(payload, port, '127.0.0.1', resolve);
    });
  });
  await Promise.all(all);
  await listener.stop();
  assert.equal(received.length + listener.kernelDrops, sent);
  assert.ok(listener.kernelDrops > 0, 'a 2 KiB buffer must drop');
});

test('stop reads what the kernel still holds', async (t) => {
  const { listener, received, port } = await listen(t);
  await send(t, port, ['last words']);
  await listener.stop();
  assert.equal(received.length, 1);
});

test('a port that is taken is refused with its number and what to do', async (t) => {
  const { port } = await listen(t);
  const second = new UdpListener({ ...LOOPBACK, port }, systemClock, () => {}, silentLog);
  await assert.rejects(second.start(), (error: Error & { remedy?: string; code?: string }) => {
    assert.equal(error.code, 'LISTEN_FAILED');
    assert.match(error.message, new RegExp(`port ${port}`));
    assert.match(error.remedy ?? '', /ss -lupn/);
    return true;
  });
});
