import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RelpSession } from '../../../collectors/syslog/relp/relp-session.ts';

const OPEN = '1 open 86 relp_version=0\nrelp_software=librelp,1.11.0,http://librelp.adiscon.com\ncommands=syslog\n';
const OPENED = '1 rsp 60 200 OK\nrelp_version=0\nrelp_software=dogwatch\ncommands=syslog\n';

/** A session with everything that it did; what it waits for is settled by the test. */
function session(maxMessageBytes = 1024) {
  const messages: string[] = [];
  const waiting: ((accepted: boolean) => void)[] = [];
  const seen = { sent: '', closed: 0, broken: [] as string[], answered: 0 };
  const relp = new RelpSession(
    { maxMessageBytes, software: 'dogwatch' },
    {
      message: (bytes, cut) => void messages.push(bytes.toString() + (cut ? ' (cut)' : '')),
      whenAccepted: (settled) => void waiting.push(settled),
      send: (bytes) => void (seen.sent += bytes),
      answered: () => void (seen.answered += 1),
      close: () => void (seen.closed += 1),
      broken: (reason) => void seen.broken.push(reason),
    },
  );
  const push = (text: string): number => relp.push(Buffer.from(text));
  /** What was sent since it was asked last. */
  const sent = (): string => {
    const text = seen.sent;
    seen.sent = '';
    return text;
  };
  return { relp, push, messages, waiting, seen, sent };
}

test('an open is answered with the version of the sender, and syslog', () => {
  const { push, sent, seen } = session();
  push(OPEN);
  assert.equal(sent(), OPENED);
  assert.equal(seen.closed, 0);
});

test('a message is answered when it is accepted, and not before', () => {
  const { relp, push, sent, messages, waiting } = session();
  push(OPEN);
  sent();
  push('2 syslog 5 <13>a\n3 syslog 5 <13>b\n');
  assert.deepEqual(messages, ['<13>a', '<13>b']);
  assert.deepEqual([sent(), relp.isSettled, waiting.length], ['', false, 1]);
  waiting[0]?.(true);
  assert.deepEqual([sent(), relp.isSettled], ['2 rsp 6 200 OK\n3 rsp 6 200 OK\n', true]);
});

test('answers go out in the order of the commands, whatever is settled first', () => {
  const { push, sent, waiting } = session();
  push(OPEN);
  sent();
  push('2 syslog 1 a\n');
  push('3 syslog 1 b\n4 starttls 0\n5 syslog 1 c\n');
  waiting[2]?.(true);
  waiting[1]?.(true);
  assert.equal(sent(), '');
  waiting[0]?.(true);
  assert.equal(sent(), '2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 25 500 command not supported\n5 rsp 6 200 OK\n');
});

test('a message that is lost is not answered, nor what came after it: the connection closes and all come again', () => {
  const { push, sent, seen, waiting } = session();
  push(OPEN);
  sent();
  for (const txnr of [2, 3, 4]) push(`${txnr} syslog 1 a\n`);
  waiting[0]?.(true);
  waiting[1]?.(false);
  waiting[2]?.(true);
  assert.deepEqual([sent(), seen.closed], ['2 rsp 6 200 OK\n0 serverclose 0\n', 1]);
});

test('a close is answered after the messages before it, then the connection closes', () => {
  const { push, sent, seen, waiting } = session();
  push(OPEN);
  sent();
  push('2 syslog 1 a\n3 close 0\n4 syslog 1 b\n');
  assert.deepEqual([sent(), seen.closed], ['', 0]);
  waiting[0]?.(true);
  assert.deepEqual([sent(), seen.closed], ['2 rsp 6 200 OK\n3 rsp 6 200 OK\n0 serverclose 0\n', 1]);
});

test('hints are passed over without an answer', () => {
  const { push, sent, seen } = session();
  push(OPEN);
  sent();
  push('0 serverclose 0\n0 abort 3 why\n');
  assert.deepEqual([sent(), seen.closed, seen.broken], ['', 0, []]);
});

test('transaction numbers begin again at 1 after 999,999,999', () => {
  const { push, sent, waiting } = session();
  push(OPEN);
  sent();
  push('999999999 syslog 1 a\n1 syslog 1 b\n');
  waiting[0]?.(true);
  assert.equal(sent(), '999999999 rsp 6 200 OK\n1 rsp 6 200 OK\n');
});

test('a message that is too long is given out cut, and answered', () => {
  const { push, sent, messages, waiting } = session(100);
  push(OPEN);
  sent();
  push(`2 syslog 110 ${'x'.repeat(110)}\n3 syslog 2 ok\n`);
  assert.deepEqual(messages, [`${'x'.repeat(100)} (cut)`, 'ok']);
  waiting[0]?.(true);
  assert.equal(sent(), '2 rsp 6 200 OK\n3 rsp 6 200 OK\n');
});

const broken: [string, string][] = [
  ['a message before the open', '1 syslog 1 a\n'],
  ['bytes that are not RELP', '<13>hello\n'],
  ['an answer that nobody asked for', `${OPEN}2 rsp 6 200 OK\n`],
];
for (const [name, bytes] of broken) {
  test(`${name}: told once, then closed`, () => {
    const { push, seen, messages } = session();
    push(bytes);
    push('5 syslog 1 x\n');
    assert.deepEqual([seen.broken.length, seen.closed, messages.length], [1, 1, 0]);
  });
}

test('messages before a malformed frame are answered before the connection closes', () => {
  const { push, sent, seen, waiting } = session();
  push(OPEN);
  sent();
  push('2 syslog 1 a\nrubbish');
  assert.deepEqual([seen.broken.length, seen.closed, sent()], [1, 0, '']);
  waiting[0]?.(true);
  assert.deepEqual([seen.closed, sent()], [1, '2 rsp 6 200 OK\n0 serverclose 0\n']);
});

test('an open without a version is refused', () => {
  const { push, sent, seen } = session();
  push('1 open 15 commands=syslog\n');
  assert.match(sent(), /^1 rsp \d+ 500 /);
  assert.equal(seen.closed, 1);
});

test('no more is read while 1024 messages, or 8 MiB of them, wait', () => {
  const { relp, push, waiting } = session(1 << 20);
  push(OPEN);
  push(Array.from({ length: 1023 }, (_, index) => `${index + 2} syslog 1 a\n`).join(''));
  assert.equal(relp.mayRead, true);
  push('1025 syslog 1 a\n');
  assert.equal(relp.mayRead, false);
  waiting[0]?.(true);
  assert.equal(relp.mayRead, true);
  const large = 'x'.repeat(1 << 20);
  for (let txnr = 2000; txnr < 2008; txnr++) push(`${txnr} syslog ${1 << 20} ${large}\n`);
  assert.equal(relp.mayRead, false);
});

test('part of a message at the end of a connection is not given out, since it comes again', () => {
  const { relp, push, messages } = session();
  push(OPEN);
  push('2 syslog 10 abc');
  relp.end();
  assert.deepEqual([messages, relp.isSettled], [[], true]);
});

test('verdicts that come after the close are of no consequence', () => {
  const { relp, push, waiting, seen, sent } = session();
  push(OPEN);
  push('2 syslog 1 a\n');
  push('3 syslog 1 a\n');
  sent();
  waiting[0]?.(false);
  waiting[1]?.(true);
  relp.end();
  assert.deepEqual([seen.closed, sent()], [1, '0 serverclose 0\n']);
});
