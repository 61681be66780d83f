import assert from 'node:assert/strict';
import { test } from 'node:test';

import { StreamListener } from '../../../collectors/listener/stream-listener.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { dial, listen, TestAcceptance, TestClock, until } from './listening.ts';

test('messages arrive with their sender, the transport and the time of arrival, in either framing', async (t) => {
  const clock = new TestClock();
  const { heard, port } = await listen(t, {}, { clock });
  const { socket } = await dial(t, port, '127.0.0.5');
  socket.end('<13>first\n13 <14>sec\nond!!<15>third\0');
  await until(() => heard.length === 3);
  const common = { sourceAddress: '127.0.0.5', transport: 'tcp', receivedAtMicros: clock.nowMicros(), cut: false };
  assert.deepEqual(heard, [
    { ...common, text: '<13>first' },
    { ...common, text: '<14>sec\nond!!' },
    { ...common, text: '<15>third' },
  ]);
});

test('what a connection leaves unfinished is given out at its end, marked', async (t) => {
  const { listener, heard, port } = await listen(t);
  const { socket, closed } = await dial(t, port);
  socket.end('99 <13>half');
  await closed;
  await until(() => heard.length === 1);
  assert.deepEqual([heard[0]?.text, heard[0]?.cut, listener.cut], ['<13>half', true, 1]);
});

test('what was read before a reset is given out', async (t) => {
  const { listener, texts, port } = await listen(t);
  const { socket } = await dial(t, port);
  socket.write('<13>whole\n<13>part');
  await until(() => listener.bytes > 0);
  socket.resetAndDestroy();
  await until(() => listener.connections === 0);
  assert.deepEqual(texts(), ['<13>whole', '<13>part']);
});

test('a message longer than the bound is cut, counted, and the next one is whole', async (t) => {
  const { listener, heard, port } = await listen(t, { maxMessageBytes: 480 });
  const { socket } = await dial(t, port);
  socket.end(`<13>${'x'.repeat(100_000)}\n100000 <14>${'y'.repeat(99_996)}<15>last\n`);
  await until(() => heard.length === 3);
  assert.deepEqual(
    heard.map(({ text, cut }) => [text.length, text.slice(0, 5), cut]),
    [
      [480, '<13>x', true],
      [480, '<14>y', true],
      [8, '<15>l', false],
    ],
  );
  assert.equal(listener.cut, 2);
});

test('a count of ten gigabytes is no count, and costs no memory', async (t) => {
  const { heard, port } = await listen(t, { maxMessageBytes: 1000 });
  const { socket } = await dial(t, port);
  socket.write('10000000000 <13>x');
  for (let chunk = 0; chunk < 64; chunk++) socket.write('z'.repeat(65_536));
  socket.end('\n<14>next\n');
  await until(() => heard.length === 2);
  assert.deepEqual(
    heard.map(({ text, cut }) => [text.length, cut]),
    [
      [1000, true],
      [8, false],
    ],
  );
});

test('senders outside the allow-list are closed and counted', async (t) => {
  const { listener, texts, port } = await listen(t, { allowFrom: ['127.0.0.2/31'] });
  const refused = await dial(t, port, '127.0.0.9');
  refused.socket.write('<13>no\n');
  await refused.closed;
  const { socket } = await dial(t, port, '127.0.0.3');
  socket.write('<13>yes\n');
  await until(() => texts().length > 0);
  assert.deepEqual([texts(), listener.refused, listener.accepted], [['<13>yes'], 1, 1]);
});

test('connections beyond the bounds are closed at once, and room comes back with those that end', async (t) => {
  const { listener, texts, port } = await listen(t, { maxConnections: 3, maxConnectionsPerSource: 2 });
  const first = await dial(t, port);
  await dial(t, port);
  await until(() => listener.connections === 2);
  await (
    await dial(t, port)
  ).closed;
  assert.equal(listener.refusedFull, 1, 'a third of the same source');
  await dial(t, port, '127.0.0.2');
  await until(() => listener.connections === 3);
  await (
    await dial(t, port, '127.0.0.3')
  ).closed;
  assert.equal(listener.refusedFull, 2, 'a fourth of any source');
  first.socket.end();
  await until(() => listener.connections === 2);
  const again = await dial(t, port);
  again.socket.write('<13>back\n');
  await until(() => texts().length === 1);
});

test('a silent connection ends, with what it had begun', async (t) => {
  const clock = new TestClock();
  const { listener, heard, port } = await listen(t, { idleMs: 10_000 }, { clock });
  const silent = await dial(t, port);
  const halfway = await dial(t, port);
  halfway.socket.write('<13>part');
  await until(() => listener.bytes === 8 && listener.connections === 2);
  clock.pass(9000);
  assert.equal(listener.closedIdle, 0);
  clock.pass(2000);
  await Promise.all([silent.closed, halfway.closed]);
  assert.equal(listener.closedIdle, 2);
  await until(() => heard.length === 1);
  assert.deepEqual([heard[0]?.text, heard[0]?.cut], ['<13>part', false]);
});

test('a message that trickles in without end ends its connection; a sender that completes messages goes on', async (t) => {
  const clock = new TestClock();
  const { listener, port } = await listen(t, { idleMs: 10_000 }, { clock });
  const slow = await dial(t, port);
  const busy = await dial(t, port);
  await until(() => listener.connections === 2);
  for (let seconds = 0; seconds < 12; seconds++) {
    const before = listener.bytes;
    slow.socket.write('x');
    // Each chunk completes a message and leaves another begun.
    busy.socket.write('est\n<13>t');
    await until(() => listener.bytes === before + 10 || listener.connections === 1);
    clock.pass(1000);
  }
  await slow.closed;
  assert.deepEqual([listener.closedIdle, listener.connections], [1, 1]);
});

test('while the queue has no room nothing is read, and nothing is lost', async (t) => {
  const { listener, acceptance, texts, port } = await listen(t);
  const { socket, closed } = await dial(t, port);
  acceptance.room = false;
  const lines = Array.from({ length: 200_000 }, (_, index) => `<13>message number ${index}`);
  socket.end(`${lines.join('\n')}\n`);
  await until(() => listener.pauses === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(texts().length, 0);
  assert.ok(listener.bytes <= 131_072, `${listener.bytes} bytes were read`);
  acceptance.giveRoom();
  await closed;
  await until(() => listener.connections === 0);
  assert.deepEqual(texts(), lines);
});

test('a flood on one connection takes a bounded part of each turn of the event loop', async (t) => {
  const { listener, port } = await listen(t);
  const flood = await dial(t, port);
  const line = `<13>${'f'.repeat(1000)}\n`;
  for (let megabytes = 0; megabytes < 20; megabytes++) flood.socket.write(line.repeat(1000));
  let most = 0;
  while (listener.bytes < 20_000 * line.length) {
    const before = listener.bytes;
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, listener.bytes - before);
  }
  // One read of the kernel's buffer (64 KiB in Node) in which the share ran out, after one that left a little of it.
  assert.ok(most <= 2 * 65_536, `${most} bytes in one turn`);
});

test('stop reads what has been sent, and gives out what is left', async (t) => {
  const { listener, texts, port } = await listen(t);
  const { socket } = await dial(t, port);
  await until(() => listener.connections === 1);
  socket.write('<13>last\n<13>words');
  await listener.stop();
  assert.deepEqual(texts(), ['<13>last', '<13>words']);
  assert.equal(listener.connections, 0);
});

test('stop gives out what waits for room, since nobody else has it', async (t) => {
  const { listener, acceptance, texts, port } = await listen(t);
  const { socket } = await dial(t, port);
  acceptance.room = false;
  const lines = Array.from({ length: 10_000 }, (_, index) => `<13>${index}`);
  socket.write(`${lines.join('\n')}\n`);
  await until(() => listener.pauses === 1);
  await listener.stop();
  assert.equal(listener.bytes, Buffer.byteLength(`${lines.join('\n')}\n`));
  assert.deepEqual(texts(), lines);
});

test('a listener on :: hears IPv4 senders and calls them by their IPv4 address', async (t) => {
  const { heard, port } = await listen(t, { address: '::' });
  const { socket } = await dial(t, port, '127.0.0.7');
  socket.end('<13>four\n');
  await until(() => heard.length === 1);
  assert.equal(heard[0]?.sourceAddress, '127.0.0.7');
});

test('a port that is taken is refused with its number and what to do', async (t) => {
  const { listener, port } = await listen(t);
  const options = { ...listener.options, port };
  const second = new StreamListener(options, systemClock, () => {}, new TestAcceptance(), silentLog);
  await assert.rejects(second.start(), (error: Error & { remedy?: string; code?: string }) => {
    assert.equal(error.code, 'LISTEN_FAILED');
    assert.match(error.message, new RegExp(`port ${port}`));
    assert.match(error.remedy ?? '', /ss -ltpn/);
    return true;
  });
  await second.stop();
});
