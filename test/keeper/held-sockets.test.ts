import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';

import { HeldSockets } from '../../src/keeper/held-sockets.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { LogLines } from '../support/hand-clock.ts';
import { eventually } from '../support/processes.ts';
import { hold, TCP, UDP } from './reading.ts';

test('who connects while a reader is replaced waits, and is served', async (t) => {
  const { lines, ports, startReader } = await hold(t, [UDP, TCP], 1);
  const port = ports[1] ?? 0;
  const first = startReader(1);
  await first.ready;
  const say = async (text: string): Promise<void> => {
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    socket.end(`${text}\n`);
  };
  await say('to the first');
  await eventually('it is heard', () => lines().length === 1);
  first.child.kill('SIGKILL');
  await first.child.died;
  await Promise.all(Array.from({ length: 50 }, (_, number) => say(`to nobody ${number}`)));
  assert.equal(lines().length, 1);
  const second = startReader(1);
  await second.ready;
  await eventually('all are heard', () => lines().length === 51);
  assert.ok(lines().every(({ pid, text }) => text === 'to the first' || pid === second.child.pid));
  // An orderly stop closes the reader's copy alone.
  await second.stop();
  await say('to the third');
  await startReader(1).ready;
  await eventually('it is heard', () => lines().at(-1)?.text === 'to the third');
});

test('two readers share a port for streams', async (t) => {
  const { lines, ports, startReader } = await hold(t, [UDP, TCP], 2);
  const readers = [startReader(1), startReader(2)];
  await Promise.all(readers.map(({ ready }) => ready));
  for (const reader of readers) {
    // The other one is stopped by a signal: it accepts nothing.
    const other = readers.find((each) => each !== reader);
    process.kill(other?.child.pid ?? 0, 'SIGSTOP');
    connect(ports[1] ?? 0, '127.0.0.1').end(`hello ${reader.child.pid}\n`);
    await eventually('it is heard', () => lines().some(({ text }) => text === `hello ${reader.child.pid}`));
    process.kill(other?.child.pid ?? 0, 'SIGCONT');
  }
});

for (const workers of [1, 2]) {
  test(`a port for datagrams that another program has is refused, with ${workers} worker(s)`, async (t) => {
    // The other program would share it, as we would.
    const other = createSocket({ type: 'udp4', reusePort: true });
    t.after(() => other.close());
    other.bind(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address();
    const held = new HeldSockets([{ ...UDP, port }], workers, silentLog, 0);
    t.after(() => held.stop());
    await assert.rejects(held.start(), refusalOf('UDP', port));
  });
}

test('a port for streams that another program has is refused', async (t) => {
  const other = createServer();
  t.after(() => other.close());
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const held = new HeldSockets([{ ...TCP, port }], 2, silentLog, 0);
  await assert.rejects(held.start(), refusalOf('TCP', port));
});

test('an address that is not ours is refused', async () => {
  // RFC 5737: documentation.
  const held = new HeldSockets([{ ...UDP, address: '192.0.2.1' }], 1, silentLog);
  await assert.rejects(held.start(), { code: 'LISTEN_FAILED', message: /192\.0\.2\.1/ });
});

test('a port is had when those who had it let go of it in time', async (t) => {
  const other = createSocket('udp4');
  other.bind(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address();
  const lines = new LogLines();
  const held = new HeldSockets([{ ...UDP, port }], 2, lines.log, 30_000);
  t.after(() => held.stop());
  const started = held.start();
  await eventually('it says so', () => lines.all().some(({ msg }) => msg === 'the port is taken, trying again'));
  other.close();
  await started;
  assert.deepEqual(held.addresses, [{ address: '127.0.0.1', port }]);
});

test('on :: it hears both families, on a port that the kernel chose', async (t) => {
  const held = new HeldSockets(
    [
      { ...UDP, address: '::' },
      { ...TCP, address: '::' },
    ],
    3,
    silentLog,
  );
  t.after(() => held.stop());
  await held.start();
  assert.ok(held.addresses.every(({ port }) => port > 0));
});

function refusalOf(protocol: string, port: number) {
  return (error: Error & { code?: string; remedy?: string }): boolean => {
    assert.equal(error.code, 'LISTEN_FAILED');
    assert.match(error.message, new RegExp(`${protocol} port ${port}$`));
    assert.match(error.remedy ?? '', /Another program listens on this port/);
    return true;
  };
}
