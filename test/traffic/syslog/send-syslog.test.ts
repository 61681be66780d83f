import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { sendSyslog } from '../../../src/traffic/syslog/send-syslog.ts';
import { createSyslogLoad } from '../../../src/traffic/syslog/syslog-load.ts';
import { type Certificate, CertificateAuthority, skipWithoutOpenssl } from '../../support/certificates.ts';
import { CollectingSocket } from '../collecting-socket.ts';
import { CollectingServer } from './collecting-server.ts';
import { RelpServer } from './relp-server.ts';

const LIMIT = { timeout: 30_000 };
const TLS_LIMIT = { ...LIMIT, skip: skipWithoutOpenssl };

/** A load of `messages`, sent as fast as it goes. */
const all = (messages: number) => ({ messagesPerSecond: Infinity, durationMs: 20_000, limit: messages });

async function streams(context: TestContext, tls?: Parameters<typeof CollectingServer.open>[0]) {
  const server = await CollectingServer.open(tls);
  context.after(() => server.close());
  return server;
}

function sequencesOf(texts: readonly string[]): number[] {
  return texts
    .flatMap((text) => [...text.matchAll(/seq=(\d{10})/g)])
    .map(([, digits]) => Number(digits))
    .sort((a, b) => a - b);
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

test('over UDP each number arrives once, from as many ports as devices', LIMIT, async (context) => {
  const collector = await CollectingSocket.open();
  context.after(() => collector.close());
  const load = createSyslogLoad({ dialect: 'mix', devices: 20 });
  const options = { target: collector.target, transport: 'udp', messagesPerSecond: 20_000, durationMs: 200 } as const;
  const report = await sendSyslog(load, options);
  const received = await collector.arrived(report.messages);
  assert.equal(received.length, report.messages);
  assert.deepEqual(sequencesOf(received.map(({ bytes }) => bytes.toString())), upTo(report.messages));
  assert.equal(new Set(received.map(({ port }) => port)).size, 20);
  assert.deepEqual([report.acknowledged, report.notWritten, report.errors], [null, 0, {}]);
  assert.ok(report.messages + report.skipped >= 3999 && report.messages <= 4000, JSON.stringify(report));
  assert.equal(
    Object.values(report.dialects).reduce((sum, count) => sum + count, 0),
    report.messages,
  );
});

test('with the loopback range each device has an address of its own', LIMIT, async (context) => {
  const collector = await CollectingSocket.open();
  context.after(() => collector.close());
  const load = createSyslogLoad({ dialect: 'bsd', devices: 3 });
  await sendSyslog(load, { target: collector.target, transport: 'udp', source: 'loopback-range', ...all(30) });
  const received = await collector.arrived(30);
  const hosts = new Set(received.map(({ bytes, address }) => `${address} ${/host-\d+/.exec(bytes.toString())?.[0]}`));
  assert.deepEqual([...hosts].sort(), ['127.1.0.1 host-001', '127.1.0.2 host-002', '127.1.0.3 host-003']);
});

test('a UDP port where nobody listens is told by its error code', LIMIT, async () => {
  const collector = await CollectingSocket.open();
  const { target } = collector;
  collector.close();
  const load = createSyslogLoad({ dialect: 'bsd', devices: 1 });
  const report = await sendSyslog(load, { target, transport: 'udp', messagesPerSecond: 5000, durationMs: 200 });
  assert.ok((report.errors['ECONNREFUSED'] ?? 0) > 0, JSON.stringify(report.errors));
  assert.ok(report.notWritten > 0);
});

test('octet counts say how long each message is', LIMIT, async (context) => {
  const server = await streams(context);
  const load = createSyslogLoad({ dialect: 'mix', devices: 5 });
  const report = await sendSyslog(load, { target: server.target, transport: 'tcp', ...all(3000) });
  const brought = await server.ended();
  assert.equal(brought.length, 5);
  assert.deepEqual(sequencesOf(brought.flatMap(countedMessages)), upTo(3000));
  assert.deepEqual([report.written, report.acknowledged, report.errors], [3000, null, {}]);
});

/** RFC 6587 section 3.4.1: MSG-LEN SP SYSLOG-MSG, without anything between. */
function countedMessages(stream: string): string[] {
  const messages: string[] = [];
  for (let at = 0; at < stream.length;) {
    const space = stream.indexOf(' ', at);
    const end = space + 1 + Number(stream.slice(at, space));
    assert.ok(space > at && end <= stream.length, `${at} ${space} ${end}`);
    messages.push(stream.slice(space + 1, end));
    assert.match(messages.at(-1) ?? '', /^<\d+>.*seq=\d{10}/);
    at = end;
  }
  return messages;
}

test('line feeds end messages where that is asked', LIMIT, async (context) => {
  const server = await streams(context);
  const load = createSyslogLoad({ dialect: 'mix', devices: 40 });
  await sendSyslog(load, { target: server.target, transport: 'tcp', framing: 'lf', connections: 2, ...all(1000) });
  const brought = await server.ended();
  assert.equal(brought.length, 2);
  const lines = brought.flatMap((text) => text.split('\n').slice(0, -1));
  assert.ok(lines.every((line) => line.startsWith('<')));
  assert.deepEqual(sequencesOf(lines), upTo(1000));
  assert.ok(brought.every((text) => text.endsWith('\n')));
});

test('a message larger than what is put together at once goes out whole', LIMIT, async (context) => {
  const server = await streams(context);
  const load = createSyslogLoad({ dialect: 'bsd', devices: 1, size: 50_000 });
  await sendSyslog(load, { target: server.target, transport: 'tcp', ...all(20) });
  assert.deepEqual(
    (await server.ended()).flatMap(countedMessages).map(({ length }) => length),
    Array.from({ length: 20 }, () => 50_000),
  );
});

test('a broken connection is made again, and what it did not take is said', LIMIT, async (context) => {
  const server = await streams(context);
  void server.until(() => {
    if (server.sockets.length === 1 && (server.streams[0]?.length ?? 0) > 1000) server.sockets[0]?.resetAndDestroy();
    return false;
  });
  const stop = new AbortController();
  void server.until(() => (server.streams[1]?.length ?? 0) > 1000).then(() => stop.abort());
  const load = createSyslogLoad({ dialect: 'bsd', devices: 1 });
  const pace = { messagesPerSecond: 2000, durationMs: 20_000, signal: stop.signal };
  const report = await sendSyslog(load, { target: server.target, transport: 'tcp', ...pace });
  assert.equal(report.reconnects, 1);
  const [before = '', after = ''] = await server.ended();
  assert.ok(sequencesOf([before, after]).length <= report.written);
  assert.ok(sequencesOf([after]).includes(report.lastSequence ?? Number.NaN));
});

test('without reconnecting, sending ends when the connection breaks', LIMIT, async (context) => {
  const server = await streams(context);
  void server.until(() => (server.streams[0]?.length ?? 0) > 0).then(() => server.sockets[0]?.resetAndDestroy());
  const load = createSyslogLoad({ dialect: 'bsd', devices: 1 });
  const pace = { messagesPerSecond: 1000, durationMs: 3_600_000 };
  const report = await sendSyslog(load, { target: server.target, transport: 'tcp', reconnect: false, ...pace });
  assert.equal(report.reconnects, 0);
  assert.equal(report.interrupted, false);
});

test('a collector that is not there is named, with what to do', LIMIT, async () => {
  const server = await CollectingServer.open();
  const { target } = server;
  server.close();
  const load = createSyslogLoad({ dialect: 'bsd', devices: 1 });
  await assert.rejects(sendSyslog(load, { target, transport: 'tcp', ...all(1) }), {
    code: 'CONNECT_FAILED',
    message: `cannot connect to 127.0.0.1, port ${target.port}`,
  });
});

test('over TLS the certificate is looked at, and one for clients is shown', TLS_LIMIT, async (context) => {
  const { authority, server, client } = certificates(context);
  const asks = { ca: authority, requestCert: true, rejectUnauthorized: true };
  const collector = await streams(context, { cert: server.certificate, key: server.key, ...asks });
  const load = createSyslogLoad({ dialect: 'mix', devices: 2 });
  const common = { target: collector.target, transport: 'tls', ...all(500) } as const;
  await assert.rejects(sendSyslog(load, common), { code: 'CONNECT_FAILED', remedy: /--tls-ca/ });
  assert.equal(load.nextSequence, 0);
  const report = await sendSyslog(load, { ...common, tls: { ca: authority, ...client } });
  const brought = (await collector.ended()).filter((text) => text !== '');
  assert.deepEqual(sequencesOf(brought.flatMap(countedMessages)), upTo(500));
  assert.equal(report.written, 500);
});

test('a certificate of another host is refused', TLS_LIMIT, async (context) => {
  const { authority, client } = certificates(context);
  const collector = await streams(context, { cert: client.certificate, key: client.key });
  const load = createSyslogLoad({ dialect: 'bsd', devices: 1 });
  const common = { target: collector.target, transport: 'tls', ...all(1) } as const;
  await assert.rejects(sendSyslog(load, { ...common, tls: { ca: authority } }), { remedy: /--insecure/ });
});

test('any certificate is taken where that is asked', TLS_LIMIT, async (context) => {
  const { server } = certificates(context);
  const collector = await streams(context, { cert: server.certificate, key: server.key });
  const load = createSyslogLoad({ dialect: 'bsd', devices: 1 });
  await sendSyslog(load, { target: collector.target, transport: 'tls', tls: { insecure: true }, ...all(10) });
  assert.deepEqual(sequencesOf(await collector.ended()), upTo(10));
});

test('RELP goes over TLS too', TLS_LIMIT, async (context) => {
  const { authority, server } = certificates(context);
  const collector = await RelpServer.open({ tls: { cert: server.certificate, key: server.key } });
  context.after(() => collector.close());
  const load = createSyslogLoad({ dialect: 'bsd', devices: 1 });
  const common = { target: collector.collecting.target, transport: 'relp', ...all(300) } as const;
  const report = await sendSyslog(load, { ...common, tls: { ca: authority } });
  assert.equal(report.acknowledged, 300);
});

/** An authority, and certificates of it for 127.0.0.1 and for a client, in PEM. */
function certificates(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'send-tls-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const authority = new CertificateAuthority(folder);
  const read = ({ certificateFile, keyFile }: Certificate) => ({
    certificate: readFileSync(certificateFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
  });
  return {
    authority: read(authority).certificate,
    server: read(authority.issue('server', '/CN=collector', { IP: '127.0.0.1' })),
    client: read(authority.issue('client', '/CN=client', { DNS: 'client.example.com' })),
  };
}
