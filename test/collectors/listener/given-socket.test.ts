import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';

import { UdpListener } from '../../../collectors/listener/udp-listener.ts';
import { bindUnaccepted } from '../../../src/keeper/unaccepted-tcp.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { dial, listen, until } from './listening.ts';

// How datagrams come by a given socket is shown with processes, in test/keeper.

test('a listener for streams accepts on a given socket, and says where', async (t) => {
  const { handle, port } = bindUnaccepted('127.0.0.1', 0);
  const { listener, texts } = await listen(t, { socket: handle });
  assert.deepEqual(listener.boundAddress, { address: '127.0.0.1', port });
  const { socket } = await dial(t, port);
  socket.end('over here\n');
  await until(() => texts().length === 1);
  assert.deepEqual(texts(), ['over here']);
});

test('a given socket whose port somebody else listens on is refused as such', async (t) => {
  const { handle, port, ...given } = bindUnaccepted('127.0.0.1', 0);
  t.after(() => given.close());
  // Being bound keeps nobody from listening first.
  const other = createServer();
  t.after(() => other.close());
  other.listen(port, '127.0.0.1');
  await once(other, 'listening');
  await assert.rejects(listen(t, { socket: handle, port }), {
    code: 'LISTEN_FAILED',
    message: new RegExp(`TCP port ${port}`),
  });
});

test('a socket for streams is no socket for datagrams', async (t) => {
  const { handle, ...given } = bindUnaccepted('127.0.0.1', 0);
  t.after(() => given.close());
  const options = { family: 'flow', address: '127.0.0.1', port: 0, receiveBufferBytes: 4096, allowFrom: [] };
  const listener = new UdpListener({ ...options, socket: handle }, systemClock, () => {}, silentLog);
  await assert.rejects(listener.start(), TypeError);
});
