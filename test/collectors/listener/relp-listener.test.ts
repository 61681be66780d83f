import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dial, listen, TestClock, until } from './listening.ts';

const OPEN = '1 open 30 relp_version=0\ncommands=syslog\n';
const OPENED = '1 rsp 60 200 OK\nrelp_version=0\nrelp_software=dogwatch\ncommands=syslog\n';

test('a message is answered over its connection once it is accepted', async (t) => {
  const { acceptance, heard, port } = await listen(t, { transport: 'relp' });
  acceptance.verdict = undefined;
  const { socket, answers } = await dial(t, port);
  socket.write(`${OPEN}2 syslog 5 <13>a\n`);
  await until(() => acceptance.waiting.length === 1);
  await until(() => answers() === OPENED);
  assert.deepEqual([heard[0]?.text, heard[0]?.transport], ['<13>a', 'relp']);
  acceptance.waiting[0]?.(true);
  await until(() => answers() === `${OPENED}2 rsp 6 200 OK\n`);
});

test('a sender that closes its side still gets its answers, and then the end', async (t) => {
  const { acceptance, port } = await listen(t, { transport: 'relp' });
  acceptance.verdict = undefined;
  const { socket, answers, closed } = await dial(t, port);
  socket.end(`${OPEN}2 syslog 5 <13>a\n3 syslog 1`);
  await until(() => acceptance.waiting.length === 1);
  acceptance.waiting[0]?.(true);
  await closed;
  assert.equal(answers(), `${OPENED}2 rsp 6 200 OK\n`);
});

test('a lost message closes the connection without an answer', async (t) => {
  const { listener, acceptance, port } = await listen(t, { transport: 'relp' });
  acceptance.verdict = false;
  const { socket, answers, closed } = await dial(t, port);
  socket.write(`${OPEN}2 syslog 5 <13>a\n`);
  await closed;
  assert.equal(answers(), `${OPENED}0 serverclose 0\n`);
  await until(() => listener.connections === 0);
  assert.equal(listener.framingErrors, 0);
});

test('bytes that are not RELP close the connection, and are counted', async (t) => {
  const { listener, heard, port } = await listen(t, { transport: 'relp' });
  const { socket, closed } = await dial(t, port);
  socket.write('<13>Oct 11 22:14:15 host app: plain\n');
  await closed;
  assert.deepEqual([listener.framingErrors, heard.length], [1, 0]);
});

test('no more is read than the window holds, until answers go out', async (t) => {
  const { listener, acceptance, heard, port } = await listen(t, { transport: 'relp' });
  acceptance.verdict = undefined;
  const { socket, answers } = await dial(t, port);
  const frames = Array.from({ length: 50_000 }, (_, index) => `${index + 2} syslog 9 <13>${'x'.repeat(5)}\n`);
  socket.write(OPEN + frames.join(''));
  await until(() => heard.length >= 1024);
  await new Promise((resolve) => setTimeout(resolve, 20));
  // Beyond the window: what had been read with the message that filled it.
  assert.ok(heard.length < 1024 + 4000, `${heard.length} messages`);
  acceptance.verdict = true;
  for (const settled of acceptance.waiting.splice(0)) settled(true);
  await until(() => answers().endsWith('50001 rsp 6 200 OK\n'));
  assert.equal(heard.length, 50_000);
  assert.equal(listener.pauses, 0);
});

test('a sender that does not read its answers is not read, and ends for silence', async (t) => {
  const clock = new TestClock();
  const { listener, port } = await listen(t, { transport: 'relp', idleMs: 10_000 }, { clock });
  const { socket } = await dial(t, port);
  socket.pause();
  const frames = Array.from({ length: 1000 }, () => `2 syslog 9 <13>${'x'.repeat(5)}\n`).join('');
  socket.write(OPEN);
  let isBlocked = false;
  // The answers fill the kernel's buffers, then ours; then the sender's own frames stay with it.
  while (!isBlocked) {
    const before = listener.bytes;
    socket.write(frames);
    await new Promise((resolve) => setTimeout(resolve, 1));
    isBlocked = listener.bytes === before && socket.writableLength > 10_000_000;
  }
  clock.pass(20_000);
  await until(() => listener.closedIdle > 0);
  clock.pass(20_000);
  clock.pass(20_000);
  await until(() => listener.connections === 0);
});

test('stop answers what is accepted meanwhile, and says farewell', async (t) => {
  const { listener, acceptance, port } = await listen(t, { transport: 'relp' });
  acceptance.verdict = undefined;
  const { socket, answers, closed } = await dial(t, port);
  const idle = await dial(t, port);
  socket.write(`${OPEN}2 syslog 5 <13>a\n3 syslog 50 <13>par`);
  await until(() => acceptance.waiting.length === 1);
  const stopped = listener.stop();
  setTimeout(() => acceptance.waiting[0]?.(true), 20);
  await Promise.all([stopped, closed, idle.closed]);
  assert.equal(answers(), `${OPENED}2 rsp 6 200 OK\n0 serverclose 0\n`);
  assert.equal(idle.answers(), '0 serverclose 0\n');
});

test('stop waits for answers in vain no longer than its bound', async (t) => {
  const clock = new TestClock();
  const { listener, acceptance, port } = await listen(t, { transport: 'relp' }, { clock });
  acceptance.verdict = undefined;
  const { socket, answers, closed } = await dial(t, port);
  socket.write(`${OPEN}2 syslog 5 <13>a\n`);
  await until(() => acceptance.waiting.length === 1);
  const stopped = listener.stop();
  await new Promise((resolve) => setTimeout(resolve, 10));
  clock.pass(2000);
  await Promise.all([stopped, closed]);
  assert.equal(answers(), `${OPENED}0 serverclose 0\n`);
});

test('random bytes, mutated sessions and cut ones harm nobody', async (t) => {
  const { listener, heard, port } = await listen(t, { transport: 'relp' });
  let seed = 99;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((seed / 0x80000000) * below);
  };
  const session = Buffer.from(`${OPEN}2 syslog 5 <13>a\n3 syslog 5 <13>b\n4 close 0\n`);
  const rounds = Array.from({ length: 150 }, async () => {
    const bytes = Buffer.from(session.subarray(0, 1 + random(session.length)));
    for (let change = random(4); change > 0; change--) bytes[random(bytes.length)] = random(256);
    const { socket, closed } = await dial(t, port);
    socket.end(bytes);
    await closed;
  });
  await Promise.all(rounds);
  await until(() => listener.connections === 0);
  heard.length = 0;
  const { socket, answers, closed } = await dial(t, port);
  socket.write(session);
  await closed;
  assert.deepEqual(
    [heard.length, answers()],
    [2, `${OPENED}2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 6 200 OK\n0 serverclose 0\n`],
  );
});
