import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { forkPuppet } from './forked.ts';

test('a request comes back with its answer, whichever was asked first', async (t) => {
  const { channel } = await forkPuppet(t);
  const [six, eight] = await Promise.all([channel.request('double', 3, 5000), channel.request('double', 4, 5000)]);
  assert.deepEqual([six, eight], [6, 8]);
});

test('a child may ask as well', async (t) => {
  const { channel } = await forkPuppet(t);
  channel.answer('ask', async (text) => `${text}, you say?`);
  const said = new Promise((resolve) => channel.on('said', resolve));
  channel.send('say', 'rain');
  assert.equal(await said, 'rain, you say?');
});

test('a request that is not answered in time is rejected', async (t) => {
  const { channel } = await forkPuppet(t);
  await assert.rejects(channel.request('never', undefined, 50), { code: 'TIMED_OUT' });
});

test('a request that fails at the other side says why', async (t) => {
  const { channel } = await forkPuppet(t);
  await assert.rejects(channel.request('fail', undefined, 5000), {
    code: 'REQUEST_FAILED',
    message: /a string is torn/,
  });
});

test('when the other process dies, who waits is told and sending does nothing', async (t) => {
  const { child, channel } = await forkPuppet(t);
  const closed = new Promise<void>((resolve) => (channel.onClose = resolve));
  const waiting = channel.request('never', undefined, 60_000);
  child.kill('SIGKILL');
  await assert.rejects(waiting, { code: 'CHANNEL_CLOSED' });
  await closed;
  assert.equal(channel.send('say', 'hello?'), false);
  await assert.rejects(channel.request('double', 1, 60_000), { code: 'CHANNEL_CLOSED' });
});

test('bytes come as they are, megabytes as well', async (t) => {
  const { channel } = await forkPuppet(t);
  const weighed = new Promise((resolve) => channel.on('weighed', resolve));
  channel.send('weigh', Buffer.alloc(3 << 20));
  assert.equal(await weighed, 3 << 20);
});

test('a process that does not read fills its channel, which then refuses, and says when there is room again', async (t) => {
  const { child, channel } = await forkPuppet(t, {}, 1 << 20);
  let full = 0;
  channel.onFull = () => (full += 1);
  const room = new Promise<void>((resolve) => (channel.onRoom = resolve));
  child.kill('SIGSTOP');
  let taken = 0;
  while (taken < 100 && channel.send('weigh', Buffer.alloc(256 << 10))) taken += 1;
  assert.equal(full, 1);
  assert.equal(channel.refused, 1);
  // The bound, what the pipe holds, and the one that went over.
  assert.ok(taken >= 4 && taken <= 8, `${taken} of 256 KiB each`);
  child.kill('SIGCONT');
  await room;
  assert.equal(channel.unsentBytes, 0);
  assert.equal(await channel.request('double', 21, 5000), 42);
});

test('a message that is delivered is in the kernel’s hands, or said to be lost', async (t) => {
  const { child, channel } = await forkPuppet(t);
  assert.equal(await channel.deliver('weigh', Buffer.alloc(1000)), true);
  child.kill('SIGSTOP');
  // More than the pipe holds.
  const stuck = channel.deliver('weigh', Buffer.alloc(4 << 20));
  child.kill('SIGKILL');
  assert.equal(await stuck, false);
  assert.equal(await channel.deliver('weigh', Buffer.alloc(1)), false);
});

test('messages sent before the other process has loaded its program wait for it', async (t) => {
  // Every test above relies on it: `forkPuppet` assigns at once. Here the order is looked at.
  const { child, channel } = await forkPuppet(t);
  const order: number[] = [];
  channel.on('weighed', (bytes) => order.push(bytes));
  for (let bytes = 0; bytes < 100; bytes += 1) channel.send('weigh', Buffer.alloc(bytes));
  await channel.request('double', 1, 5000);
  assert.deepEqual(
    order,
    Array.from({ length: 100 }, (_, bytes) => bytes),
  );
  child.kill('SIGKILL');
  await once(child, 'exit');
});
