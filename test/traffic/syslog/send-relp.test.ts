import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { sendSyslog } from '../../../src/traffic/syslog/send-syslog.ts';
import { createSyslogLoad } from '../../../src/traffic/syslog/syslog-load.ts';
import { RelpAnswers } from '../../../src/traffic/syslog/transport/relp-answers.ts';
import { RelpServer, type RelpServerOptions } from './relp-server.ts';

const LIMIT = { timeout: 30_000 };

async function relpServer(context: TestContext, options?: RelpServerOptions) {
  const server = await RelpServer.open(options);
  context.after(() => server.close());
  return server;
}

function send(server: RelpServer, messages: number, settleMs = 10_000) {
  return sendSyslog(createSyslogLoad({ dialect: 'bsd', devices: 1 }), {
    target: server.collecting.target,
    transport: 'relp',
    messagesPerSecond: Infinity,
    durationMs: 20_000,
    limit: messages,
    settleMs,
  });
}

const numbersOf = (messages: readonly string[]) => messages.map((text) => Number(/seq=(\d+)/.exec(text)?.[1]));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

test('all messages are acknowledged, in order, between open and close', LIMIT, async (context) => {
  const server = await relpServer(context);
  const report = await send(server, 1000);
  assert.deepEqual([report.acknowledged, report.unanswered, report.resent, report.errors], [1000, 0, 0, {}]);
  assert.deepEqual(numbersOf(server.messages), upTo(1000));
  assert.equal(server.commands[0], 'open');
  assert.equal(server.commands.at(-1), 'close');
});

test('no more than 128 messages stay unanswered', LIMIT, async (context) => {
  const server = await relpServer(context, { answer: () => undefined });
  const load = createSyslogLoad({ dialect: 'bsd', devices: 1 });
  const stop = new AbortController();
  void server.collecting.until(() => server.messages.length >= 128).then(() => stop.abort());
  const report = await sendSyslog(load, {
    target: server.collecting.target,
    transport: 'relp',
    messagesPerSecond: Infinity,
    durationMs: 20_000,
    settleMs: 100,
    signal: stop.signal,
  });
  assert.deepEqual([report.messages, report.acknowledged, report.unanswered], [128, 0, 128]);
});

test('what a broken connection left unanswered is sent again', LIMIT, async (context) => {
  let broken = 0;
  const server = await relpServer(context, {
    answer: (index, socket) => {
      if (index >= 100 && broken === 0) {
        broken = 1;
        socket.resetAndDestroy();
      }
      return index < 90 || index > 300 || broken === 1 ? '200 OK' : undefined;
    },
  });
  const report = await send(server, 1000);
  assert.deepEqual([report.acknowledged, report.unanswered, report.reconnects], [1000, 0, 1]);
  assert.ok(report.resent > 0 && report.resent <= 128, String(report.resent));
  assert.deepEqual(
    [...new Set(numbersOf(server.messages))].sort((a, b) => a - b),
    upTo(1000),
  );
});

test('messages that the collector refuses are told apart', LIMIT, async (context) => {
  const server = await relpServer(context, { answer: (index) => (index % 10 === 3 ? '500 no' : '200 OK') });
  const report = await send(server, 100);
  assert.deepEqual([report.acknowledged, report.refused, report.unanswered], [90, 10, 0]);
});

test('a server that refuses, or speaks something else, is said at once', LIMIT, async (context) => {
  const refusing = await relpServer(context, { welcome: '500 go away' });
  await assert.rejects(send(refusing, 1), { code: 'CONNECT_FAILED', message: /500 go away/ });
  const other = await relpServer(context);
  void other.collecting
    .until(() => other.collecting.sockets.length > 0)
    .then(() => other.collecting.sockets[0]?.write('220 mail.example.com ESMTP\r\n'));
  await assert.rejects(send(other, 1), { code: 'CONNECT_FAILED' });
});

test('answers are read whatever pieces they come in', () => {
  const stream = Buffer.from('1 rsp 6 200 OK\n2 rsp 0\n0 serverclose 0\n3 rsp 11 500 a\nb c d\n');
  const expected = [
    { transaction: 1, command: 'rsp', data: '200 OK' },
    { transaction: 2, command: 'rsp', data: '' },
    { transaction: 0, command: 'serverclose', data: '' },
    { transaction: 3, command: 'rsp', data: '500 a\nb c d' },
  ];
  for (let size = 1; size <= stream.length; size += 1) {
    const answers = new RelpAnswers();
    const got = [];
    for (let at = 0; at < stream.length; at += size) got.push(...answers.push(stream.subarray(at, at + size)));
    assert.deepEqual(got, expected, `pieces of ${size}`);
  }
});

test('what is no RELP is refused, and never grows', () => {
  assert.throws(() => new RelpAnswers().push(Buffer.from('220 mail.example.com ESMTP\r\n')), /not RELP/);
  assert.throws(() => new RelpAnswers().push(Buffer.from('HTTP/1.1 400 Bad Request\r\n')), /not RELP/);
  const answers = new RelpAnswers();
  assert.throws(() => {
    answers.push(Buffer.from('1 rsp 999999 '));
    for (let count = 0; count < 10; count += 1) answers.push(Buffer.alloc(10_000, 'x'));
  }, /not RELP/);
});
