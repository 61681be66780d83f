import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createProgram } from '../../src/cli/program.ts';
import { CollectingSocket } from '../traffic/collecting-socket.ts';
import { RelpServer } from '../traffic/syslog/relp-server.ts';

const DOGWATCH = join(import.meta.dirname, '../../src/cli/dogwatch.mjs');
const LIMIT = { timeout: 30_000 };

function sendSyslog(...parameters: string[]): Promise<{ code: unknown; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [DOGWATCH, 'send', 'syslog', ...parameters], (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

async function collector(context: TestContext): Promise<{ socket: CollectingSocket; to: string }> {
  const socket = await CollectingSocket.open();
  context.after(() => socket.close());
  return { socket, to: `127.0.0.1:${socket.target.port}` };
}

test('a message of one’s own goes out once, in RFC 5424 or as BSD syslog', LIMIT, async (context) => {
  const { socket, to } = await collector(context);
  const own = [
    '--to',
    to,
    '--message',
    'link 7 is down',
    '--facility',
    'local7',
    '--severity',
    'warning',
    '--app',
    'rc',
  ];
  const { code, out } = await sendSyslog(...own);
  assert.equal(code, 0);
  assert.match(out, /^messages +1$/m);
  assert.match(out, /^arrived +unknown: UDP has no acknowledgements$/m);
  await sendSyslog(...own, '--dialect', 'bsd');
  const [modern, old, ...more] = (await socket.arrived(2)).map(({ bytes }) => bytes.toString());
  assert.deepEqual(more, []);
  // local7 is 23, warning 4: 23 × 8 + 4
  const host = hostname();
  assert.match(modern ?? '', /^<188>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ rc - - - link 7 is down$/);
  assert.equal(modern?.split(' ')[2], host);
  assert.match(old ?? '', /^<188>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ rc: link 7 is down$/);
});

test('the report in JSON says what was sent, and over RELP what was acknowledged', LIMIT, async (context) => {
  const server = await RelpServer.open();
  context.after(() => server.close());
  const to = `127.0.0.1:${server.collecting.target.port}`;
  const pace = ['--rate', '1k', '--duration', '200ms', '--devices', '3'];
  const { code, out } = await sendSyslog('--to', to, '--transport', 'relp', ...pace, '--dialect', 'cef', '--json');
  const report = JSON.parse(out);
  assert.equal(code, 0);
  assert.equal(report.acknowledged, report.messages);
  assert.equal(server.messages.length, report.messages);
  assert.deepEqual(report.dialects, { cef: report.messages });
  assert.equal(report.connections.length, 3);
});

test('nobody listening fails with a sentence', LIMIT, async (context) => {
  const { socket, to } = await collector(context);
  const other = await CollectingSocket.open();
  const port = other.target.port;
  other.close();
  const udp = await sendSyslog('--to', `127.0.0.1:${port}`, '--duration', '200ms', '--devices', '1');
  assert.equal(udp.code, 1);
  assert.match(udp.err, /ECONNREFUSED, nothing listens on that port/);
  const tcp = await sendSyslog('--to', `127.0.0.1:${port}`, '--transport', 'tcp');
  assert.notEqual(tcp.code, 0);
  assert.match(tcp.err, /cannot connect to 127\.0\.0\.1, port \d+.*\n.*Is the collector running/);
  assert.equal(socket.received.length, 0, to);
});

test('options that make no sense together are refused in words', async () => {
  for (const [parameters, message] of [
    [['--framing', 'lf'], /--framing is for tcp and tls/],
    [['--severity', 'err'], /--severity goes with --message/],
    [['--message', 'x', '--rate', '10'], /--rate makes no sense/],
    [['--message', 'x', '--dialect', 'cef'], /--dialect bsd/],
    [['--tls-ca', 'x.pem'], /--transport tls/],
    [['--transport', 'tls', '--tls-cert', 'x.pem'], /need each other/],
  ] as const) {
    const parsing = createProgram().parseAsync(['send', 'syslog', ...parameters], { from: 'user' });
    await assert.rejects(parsing, { code: 'USAGE', message }, parameters.join(' '));
  }
});

test('a severity that there is not, and a file that is missing, are named', LIMIT, async () => {
  const { code, err } = await sendSyslog('--message', 'x', '--severity', 'terrible');
  assert.equal(code, 2);
  assert.match(err, /emerg, alert, crit/);
  const missing = await sendSyslog('--transport', 'tls', '--tls-ca', '/does/not/exist.pem');
  assert.match(missing.err, /cannot read \/does\/not\/exist\.pem/);
});
