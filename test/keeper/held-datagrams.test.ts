import assert from 'node:assert/strict';
import type { Socket } from 'node:dgram';
import { test } from 'node:test';

import { eventually } from '../support/processes.ts';
import { hold, type Line, openSender, send, TCP, UDP } from './reading.ts';

test('what is sent before there is a reader waits for the first one', async (t) => {
  const { lines, ports, startReader } = await hold(t, [UDP], 1);
  const sender = await openSender(t);
  for (const text of ['one', 'two', 'three']) await send(sender, ports[0] ?? 0, text);
  await startReader(1).ready;
  await eventually('all are read', () => lines().length === 3);
  assert.deepEqual(
    lines().map(({ text }) => text),
    ['one', 'two', 'three'],
  );
});

test('a socket outlives twenty readers that are killed under 5,000 datagrams a second', async (t) => {
  const { lines, ports, startReader } = await hold(t, [UDP], 1);
  const sender = numbered(await openSender(t), ports[0] ?? 0);
  const kills = 20;
  for (let kill = 0; kill < kills; kill += 1) {
    const reader = startReader(1);
    await reader.ready;
    await eventually('it has read', () => lines().at(-1)?.pid === reader.child.pid);
    reader.child.kill('SIGKILL');
    await reader.child.died;
  }
  const sent = sender.stop();
  const { texts, drops } = await readToTheEnd(startReader(1), lines);
  assert.equal(new Set(texts).size, texts.length, 'none is read twice');
  // Each killed reader may have taken one from the kernel that it did not get to write down.
  const lost = sent - texts.length - drops;
  assert.ok(lost >= 0 && lost <= kills, `${sent} sent, ${texts.length} read, ${drops} dropped for want of buffer`);
  assert.ok(texts.length >= 5000, `${texts.length} are too few to tell`);
});

test('a reader that is killed while its sockets are on their way takes none of them with it', async (t) => {
  const { lines, ports, startReader } = await hold(t, [UDP, TCP], 1);
  for (let kill = 0; kill < 5; kill += 1) {
    const { child } = startReader(1);
    child.kill('SIGKILL');
    await child.died;
  }
  await startReader(1).ready;
  await send(await openSender(t), ports[0] ?? 0, 'still here');
  await eventually('it is read', () => lines().length === 1);
});

test('a reader that stops in order leaves what comes later to its successor', async (t) => {
  const { lines, ports, startReader } = await hold(t, [UDP], 1);
  const sender = numbered(await openSender(t), ports[0] ?? 0);
  for (let stops = 0; stops < 3; stops += 1) {
    const reader = startReader(1);
    await reader.ready;
    await eventually('it has read', () => lines().at(-1)?.pid === reader.child.pid);
    await reader.stop();
  }
  const sent = sender.stop();
  const { texts, drops } = await readToTheEnd(startReader(1), lines);
  assert.equal(texts.length + drops, sent);
  assert.equal(new Set(texts).size, texts.length, 'none is read twice');
});

test('of two readers a sender stays with one, also when that one is replaced', async (t) => {
  const { lines, ports, startReader } = await hold(t, [UDP], 2);
  const first = startReader(1);
  const second = startReader(2);
  await Promise.all([first.ready, second.ready]);
  const senders = await Promise.all(Array.from({ length: 30 }, () => openSender(t)));
  const sendAll = async (text: string) => {
    await Promise.all(senders.map((sender) => send(sender, ports[0] ?? 0, `${text} ${sender.address().port}`)));
  };
  const readersOf = (text: string) =>
    new Map(
      lines()
        .filter((line) => line.text.startsWith(text))
        .map((line) => [line.text.split(' ')[1], line.pid]),
    );
  await sendAll('before');
  await eventually('all are read', () => readersOf('before').size === 30);
  first.child.kill('SIGKILL');
  await first.child.died;
  const successor = startReader(1);
  await successor.ready;
  await sendAll('after');
  await eventually('all are read', () => readersOf('after').size === 30);
  assert.equal(lines().length, 60);
  const readers = new Set(readersOf('before').values());
  assert.deepEqual(readers, new Set([first.child.pid, second.child.pid]), 'both have work');
  for (const [sender, reader] of readersOf('before')) {
    const expected = reader === first.child.pid ? successor.child.pid : second.child.pid;
    assert.equal(readersOf('after').get(sender), expected);
  }
});

test('drops are those of the reader’s own socket, since it was bound', async (t) => {
  const { lines, ports, startReader } = await hold(t, [{ ...UDP, receiveBuffer: 4096 }], 2);
  const sender = await openSender(t);
  // Nobody reads: the socket of one of the two overflows.
  const sent = 200;
  for (let number = 0; number < sent; number += 1) await send(sender, ports[0] ?? 0, `${number}`.padEnd(1000));
  for (const worker of [1, 2]) {
    const reader = startReader(worker);
    await reader.ready;
    await reader.stop();
  }
  const read = lines().filter(({ text }) => !text.startsWith('drops')).length;
  const drops = lines()
    .filter(({ text }) => text.startsWith('drops'))
    .map(({ text }) => Number(text.split('=')[1]));
  assert.deepEqual(
    drops.toSorted((a, b) => a - b),
    [0, sent - read],
  );
  assert.ok(read < sent);
});

/** Lets a reader read all that is there, and stop. @returns what all readers read, and what the kernel had no room for */
async function readToTheEnd(reader: { readonly ready: Promise<void>; stop: () => Promise<void> }, lines: () => Line[]) {
  await reader.ready;
  await reader.stop();
  const all = lines().map(({ text }) => text);
  const texts = all.filter((text) => !text.startsWith('drops'));
  return { texts, drops: Number(all.at(-1)?.split('=')[1]) };
}

/** Sends its numbers from 0, 5,000 a second. `stop` returns how many there were. */
function numbered(socket: Socket, port: number): { stop: () => number } {
  let sent = 0;
  const begun = performance.now();
  const timer = setInterval(() => {
    const due = (performance.now() - begun) * 5;
    while (sent < due) socket.send(String(sent++), port, '127.0.0.1');
  }, 1);
  return {
    stop() {
      clearInterval(timer);
      return sent;
    },
  };
}
