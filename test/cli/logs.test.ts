import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connect, type DatabaseClient } from '../../storage/database/database.ts';
import { insertBatch } from '../../storage/database/insert-batch.ts';
import { coverTimes } from '../../storage/database/partitions.ts';
import { insertRows } from '../support/flow-rows.ts';
import { logBatch, logRow } from '../support/log-rows.ts';
import { startTestDatabase } from '../support/postgres.ts';

const LAUNCHER = fileURLToPath(new URL('../../src/cli/dogwatch.mjs', import.meta.url));
const WHEN = ['--from', '2026-03-01T12:00:00Z', '--to', '2026-03-01T12:10:00Z'];

let client: DatabaseClient;
let env: Record<string, string>;

before(async () => {
  const { address, connectionString } = await startTestDatabase();
  env = { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), TZ: 'UTC', DOGWATCH_DATABASE__URL: connectionString };
  client = await connect(address);
  await insertRows(client, 'syslog_messages', [
    logRow('2026-03-01T12:01:00Z', {
      severity: 3,
      hostname: 'core-1',
      mnemonic: 'LINK-3-UPDOWN',
      message: 'Gi0/1 down',
      facility: 23,
    }),
    logRow('2026-03-01T12:02:00.5Z', {
      severity: 6,
      app_name: 'sshd',
      proc_id: '4711',
      message: 'evil \u001B[2Jname,\u202Eline\nbreak\u009B1m',
      fields: '{"user": "root"}',
    }),
    logRow('2026-03-01T12:03:00Z', { message: 'no severity' }),
  ]);
});

interface Answer {
  readonly code: unknown;
  readonly out: string;
  readonly err: string;
}

function dogwatch(...parameters: string[]): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(process.execPath, [LAUNCHER, 'logs', ...parameters], { env, cwd: tmpdir() }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

test('a message is a line, in the order of time, with nothing that a terminal obeys', async () => {
  const { code, out, err } = await dogwatch(...WHEN);
  assert.equal(code, 0, err);
  assert.deepEqual(out.split('\n'), [
    '2026-03-01 12:01:00.000 err     core-1 LINK-3-UPDOWN Gi0/1 down',
    '2026-03-01 12:02:00.500 info    192.0.2.1 sshd[4711]: evil \\e[2Jname,\\u202Eline\\nbreak\\x9B1m',
    '2026-03-01 12:03:00.000 -       192.0.2.1 no severity',
    '',
  ]);
  assert.match(err, /^3 messages from 2026-03-01 12:00:00 to 2026-03-01 12:10:00 UTC \(10m\)\.$/m);
});

test('the same as JSON, CSV, texts alone, and a table of columns', async () => {
  const one = [...WHEN, '--app', 'sshd'];
  const json = await dogwatch(...one, '--json');
  assert.deepEqual(JSON.parse(json.out), {
    received_at: '2026-03-01T12:02:00.5+00:00',
    severity: 6,
    format: '3',
    transport: 'u',
    cut: false,
    device: '192.0.2.1',
    app_name: 'sshd',
    proc_id: '4711',
    message: 'evil \u001B[2Jname,\u202Eline\nbreak\u009B1m',
    fields: { user: 'root' },
  });
  assert.ok(!json.out.includes('\u009B') && !json.out.includes('\u001B'));
  const csv = await dogwatch(...one, '--csv', '--columns', 'received_at,device,message');
  assert.equal(
    csv.out,
    'received_at,device,message\r\n2026-03-01T12:02:00.500000Z,192.0.2.1,"evil \u001B[2Jname,\u202Eline\nbreak\u009B1m"\r\n',
  );
  assert.equal((await dogwatch(...WHEN, '--raw', '--severity', 'err+')).out, 'Gi0/1 down\n');
  const table = await dogwatch(...WHEN, '--columns', 'hostname,severity', '--order', 'newest', '--limit', '1');
  assert.deepEqual(table.out.split('\n'), ['hostname  severity', '-         -', '']);
});

test('around a moment is five minutes to both sides unless said otherwise', async () => {
  const near = await dogwatch('--around', '2026-03-01T12:02:30Z', '--span', '40s', '--raw');
  assert.equal(near.out.split('\n').length, 3);
  assert.equal((await dogwatch('--around', '2026-03-01T12:07:30Z', '--raw')).out, 'no severity\n');
});

test('nothing found is no failure', async () => {
  const { code, out, err } = await dogwatch('--from', '2020-01-01', '--to', '2020-01-02');
  assert.deepEqual([code, out], [0, '']);
  assert.match(err, /^No such messages from 2020-01-01 00:00:00/);
});

test('a wrong question exits with 2 and says what is right', async () => {
  const wrong: [string[], RegExp][] = [
    [['--severity', 'loud'], /--severity: "loud" is no severity\n.*emerg, alert/],
    [['--device', '10.0.0.300'], /is no address or prefix/],
    [['--span', '5m'], /--span needs --around/],
    [['--around', 'noon'], /--around: "noon" is no time/],
    [['--columns', 'colour'], /there is no column "colour"/],
    [['--regex', 'a(', ...WHEN], /--regex: invalid regular expression/],
    [['--follow', '--to', '12:00'], /cannot be used with/],
    [['--json', '--csv'], /cannot be used with/],
    [['--limit', 'x'], /whole number, or all/],
  ];
  for (const [parameters, problem] of wrong) {
    const { code, err } = await dogwatch(...parameters);
    assert.equal(code, 2, `${parameters.join(' ')}: ${err}`);
    assert.match(err, problem);
  }
});

test('following shows what is there, then what comes, counts what is too much, and ends with Ctrl-C', async (context) => {
  const now = Date.now() * 1000;
  await coverTimes(client, 'syslog_messages', [now], 'hour');
  await insertBatch(client, logBatch({ received_at: now, message: 'before' }), 'a');
  const child = spawn(process.execPath, [LAUNCHER, 'logs', '--follow', '--raw', '--rate', '8'], { env, cwd: tmpdir() });
  context.after(() => child.kill('SIGKILL'));
  const heard = { out: '', err: '' };
  child.stdout.on('data', (data: Buffer) => (heard.out += String(data)));
  child.stderr.on('data', (data: Buffer) => (heard.err += String(data)));
  while (!heard.out.includes('before\n')) await once(child.stdout, 'data');
  const rows = Array.from({ length: 1234 }, (_, index) => ({ received_at: now + index, message: `number ${index}` }));
  await insertBatch(client, logBatch(...rows), 'a');
  while (!heard.out.includes('number 1233\n')) await once(child.stdout, 'data');
  assert.equal(heard.out, 'before\nnumber 1232\nnumber 1233\n');
  while (!heard.err.includes('\n')) await once(child.stderr, 'data');
  assert.equal(heard.err, '--- too many messages: 1,232 more that match were skipped ---\n');
  child.kill('SIGINT');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});
