import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test, type TestContext } from 'node:test';
import { fetchStatus, statusUrl } from '../../src/cli/status.ts';
import { statusScreen } from '../../src/cli/terminal/status-screen.ts';
import { bytesText, compact, elapsedText, grouped } from '../../src/cli/terminal/figures.ts';
import { loadConfig } from '../../src/config/load.ts';
import { exampleStatus } from '../support/example-status.ts';

async function serve(context: TestContext, body: string): Promise<string> {
  const server = createServer((_request, response) => response.end(body));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

test('the status of a running collector is fetched and shown with its figures', async (context) => {
  const status = await fetchStatus(await serve(context, JSON.stringify(exampleStatus())));
  const screen = statusScreen(status, new Date('2026-11-23T12:00:00Z'));
  assert.match(screen, /^running for +1d 2h$/m);
  assert.match(screen, /^ +30,000 records into 30,000 rows, 4 templates$/m);
  assert.match(screen, /^listener +flow on :: UDP port 2055: 1,000 datagrams, 0 dropped by the kernel$/m);
  assert.match(screen, /^listener +syslog on :: TCP port 5514: 500 messages, 3 connections$/m);
  assert.match(screen, /^syslog +700 messages from 5 devices$/m);
  assert.match(screen, /^SNMP +12 traps, 8 informs \(8 acknowledged\), 2 of senders not heard$/m);
  assert.match(screen, /^ +not taken from 192\.0\.2\.9: 2 unknown-community$/m);
  assert.doesNotMatch(screen, /given up: it was full|rejected/);
});

test('troubles have lines of their own', () => {
  const status = exampleStatus();
  const screen = statusScreen({
    ...status,
    ready: false,
    reasons: ['the database is away'],
    journal: { ...status.journal, lostRows: 12 },
    writer: { ...status.writer, state: 'waiting', error: 'connection refused', rejectedRows: 3 },
    earlierRun: { startedAt: '2026-03-05T11:22:33.000Z', seenAt: '2026-03-05T12:00:03.000Z' },
  });
  assert.match(
    screen,
    /^ +the run before, from 2026-03-05T11:22:33.000Z, ended without notice: .* 2026-03-05T12:00:03.000Z$/m,
  );
  assert.match(screen, /^ready +no: the database is away$/m);
  assert.match(screen, /12 rows given up: it was full/);
  assert.match(screen, /3 rows rejected/);
  assert.match(screen, /^writer +waiting: connection refused$/m);
});

test('how many send is said once they have been heard', () => {
  const status = exampleStatus();
  const screenOf = (exporters: number): string => statusScreen({ ...status, flow: { ...status.flow, exporters } });
  assert.match(screenOf(0), /^flows +[\d,]+ datagrams$/m);
  assert.match(screenOf(1), /^flows +[\d,]+ datagrams from 1 exporter$/m);
  assert.match(screenOf(2000), /^flows +[\d,]+ datagrams from 2,000 exporters$/m);
});

test('nothing, or something else, at the address is NOT_RUNNING; an impossible address is USAGE', async (context) => {
  const other = await serve(context, '{"hello": 1}');
  const text = await serve(context, 'hello');
  for (const url of [other, text, 'http://127.0.0.1:1'])
    await assert.rejects(fetchStatus(url), { code: 'NOT_RUNNING' });
  await assert.rejects(fetchStatus('not a url'), { code: 'USAGE' });
});

test('a collector that serves on all addresses is asked on the loopback', () => {
  const url = (address: string) => {
    const environment = { DOGWATCH_HTTP__ADDRESS: address, DOGWATCH_HTTP__PORT: '9' };
    return statusUrl(loadConfig({ directory: '/nowhere', environment }).config);
  };
  assert.equal(url('::'), 'http://127.0.0.1:9');
  assert.equal(url('0.0.0.0'), 'http://127.0.0.1:9');
  assert.equal(url('2001:db8::1'), 'http://[2001:db8::1]:9');
});

test('figures are short and keep their order of magnitude', () => {
  assert.deepEqual([0, 999, 9999, 12_345, 1_234_567, 2e9].map(compact), ['0', '999', '9,999', '12.3K', '1.2M', '2B']);
  assert.deepEqual([0, 1023, 1024, 5 * 2 ** 20, 3 * 2 ** 40].map(bytesText), [
    '0 B',
    '1023 B',
    '1.0 KiB',
    '5.0 MiB',
    '3.0 TiB',
  ]);
  assert.deepEqual([0, 59_000, 61_000, 3_600_000, 93_784_000].map(elapsedText), [
    '0s',
    '59s',
    '1m 1s',
    '1h 0m',
    '1d 2h',
  ]);
  assert.equal(grouped(1_234_567), '1,234,567');
});
