import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test, type TestContext } from 'node:test';

import { UdpListener } from '../../collectors/listener/udp-listener.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { type Certificate, CertificateAuthority } from '../support/certificates.ts';
import { skipWithout } from '../support/packages.ts';
import { temporaryDirectory } from '../support/postgres.ts';
import { eventually, runTool, type Tool } from '../support/processes.ts';
import { RSYSLOG_NEEDS, startRsyslog } from '../support/rsyslog.ts';
import { provideSyslogNg, startSyslogNg } from '../support/syslog-ng.ts';
import { type Listening, listen } from '../collectors/listener/listening.ts';

let folder = '';
let authority: CertificateAuthority;
let collector: Certificate;
let router: Certificate;

before(async () => {
  folder = await temporaryDirectory();
  if (skipWithout('openssl') !== false) return;
  authority = new CertificateAuthority(folder);
  collector = authority.issue('collector', '/CN=collector', { DNS: 'localhost', IP: '127.0.0.1' });
  router = authority.issue('router', '/CN=router1');
});

const lines = (count: number): string[] =>
  Array.from(
    { length: count },
    (_, index) =>
      `<134>1 2026-03-05T11:22:33.123456Z router1 app ${index} ID1 [x@1 n="${index}"] Gr\u00fc\u00dfe ${index}`,
  );

/** What was heard, each once, in the order of the first time. */
function distinct(...listenings: Listening[]): string[] {
  const texts = listenings.flatMap(({ heard }) => heard.map(({ text }) => Buffer.from(text, 'latin1').toString()));
  return [...new Set(texts)];
}

function endWith(t: TestContext, tool: Tool): void {
  t.after(async () => {
    tool.child.kill('SIGKILL');
    await tool.exited;
  });
}

const ownFolder = (): Promise<string> => mkdtemp(join(folder, 'rsyslog-'));
const serverTls = () => ({ ...collector, clientCaFile: authority.certificateFile, clientSubjects: ['router1'] });
const rsyslogTls = () => ({ ...router, authorityFile: authority.certificateFile, peer: 'collector' });

const OMFWD = 'type="omfwd" target="127.0.0.1" protocol="tcp"';
const OMRELP = 'type="omrelp" target="127.0.0.1"';
const OMFWD_TLS = 'StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/name"';

interface Sender {
  readonly name: string;
  readonly transport: 'tcp' | 'tls' | 'relp';
  readonly overTls: boolean;
  readonly action: () => string;
}

const senders: Sender[] = [
  { name: 'TCP, newlines', transport: 'tcp', overTls: false, action: () => OMFWD },
  {
    name: 'TCP, octet counting',
    transport: 'tcp',
    overTls: false,
    action: () => `${OMFWD} TCP_Framing="octet-counted"`,
  },
  {
    name: 'TLS',
    transport: 'tls',
    overTls: true,
    action: () => `${OMFWD} ${OMFWD_TLS} StreamDriverPermittedPeers="localhost" TCP_Framing="octet-counted"`,
  },
  { name: 'RELP', transport: 'relp', overTls: false, action: () => OMRELP },
  {
    name: 'RELP over TLS',
    transport: 'relp',
    overTls: true,
    action: () =>
      `${OMRELP} tls="on" tls.caCert="${authority.certificateFile}" tls.myCert="${router.certificateFile}" ` +
      `tls.myPrivKey="${router.keyFile}" tls.authMode="name" tls.permittedPeer=["collector"]`,
  },
];

for (const sender of senders) {
  const skip = skipWithout(...RSYSLOG_NEEDS[sender.transport], ...(sender.overTls ? RSYSLOG_NEEDS.tls : []));
  test(`rsyslog over ${sender.name}: all messages arrive, in order and once`, { skip }, async (t) => {
    const tls = sender.overTls ? { tls: serverTls() } : {};
    const listening = await listen(t, { transport: sender.transport, ...tls });
    const sent = lines(3000);
    const action = `${sender.action()} port="${listening.port}"`;
    const rsyslog = await startRsyslog(await ownFolder(), sent, action, sender.overTls ? rsyslogTls() : undefined);
    endWith(t, rsyslog);
    await eventually('all have come', () => listening.heard.length >= sent.length).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${rsyslog.output()}`);
    });
    assert.deepEqual(distinct(listening), sent);
    assert.equal(listening.heard.length, sent.length);
    assert.equal(listening.heard.at(-1)?.transport, sender.transport);
    const { cut, framingErrors, tlsErrors } = listening.listener;
    assert.deepEqual({ cut, framingErrors, tlsErrors }, { cut: 0, framingErrors: 0, tlsErrors: 0 });
  });
}

test('rsyslog over RELP: restarts under load lose nothing', { skip: skipWithout(...RSYSLOG_NEEDS.relp) }, async (t) => {
  const listenings = [await listen(t, { transport: 'relp' })];
  const port = listenings[0]!.port;
  const sent = lines(60_000);
  const rsyslog = await startRsyslog(await ownFolder(), sent, `${OMRELP} port="${port}"`);
  endWith(t, rsyslog);
  for (let restart = 0; restart < 3; restart++) {
    const current = listenings.at(-1)!;
    await eventually('what was sent has come', () => current.heard.length >= 5000);
    await current.listener.stop();
    listenings.push(await listen(t, { transport: 'relp', port }));
  }
  await eventually('what was sent has come', () => distinct(...listenings).length >= sent.length);
  assert.deepEqual(distinct(...listenings).sort(), [...sent].sort());
  const total = listenings.reduce((sum, { heard }) => sum + heard.length, 0);
  t.diagnostic(`${total - sent.length} messages came twice`);
});

test(
  'rsyslog over RELP: messages that were lost behind us come again',
  { skip: skipWithout(...RSYSLOG_NEEDS.relp) },
  async (t) => {
    const listening = await listen(t, { transport: 'relp' });
    const sent = lines(2000);
    listening.acceptance.verdict = undefined;
    const rsyslog = await startRsyslog(await ownFolder(), sent, `${OMRELP} port="${listening.port}"`);
    endWith(t, rsyslog);
    await eventually('what was sent has come', () => listening.acceptance.waiting.length > 0);
    const lost = distinct(listening);
    listening.heard.length = 0;
    listening.acceptance.verdict = true;
    for (const settled of listening.acceptance.waiting.splice(0)) settled(false);
    await eventually('what was sent has come', () => distinct(listening).length >= sent.length);
    assert.deepEqual(distinct(listening).sort(), [...sent].sort());
    assert.ok(lost.length > 0);
  },
);

const syslogNg = provideSyslogNg();
const withNg = (...needs: string[]): string | false =>
  typeof syslogNg === 'string' ? syslogNg : skipWithout(...needs);

interface NgSender {
  readonly name: string;
  readonly transport: 'tcp' | 'tls';
  readonly destination: (port: number) => string;
}

// `network` sends lines, `syslog` counts octets.
const ngSenders: NgSender[] = [
  {
    name: 'syslog() over TCP',
    transport: 'tcp',
    destination: (port) => `syslog("127.0.0.1" transport("tcp") port(${port}));`,
  },
  {
    name: 'network() over TCP',
    transport: 'tcp',
    destination: (port) => `network("127.0.0.1" transport("tcp") port(${port}) flags(syslog-protocol));`,
  },
  {
    name: 'syslog() over TLS',
    transport: 'tls',
    destination: (port) =>
      `syslog("127.0.0.1" transport("tls") port(${port}) tls(ca-file("${authority.certificateFile}") ` +
      `cert-file("${router.certificateFile}") key-file("${router.keyFile}") peer-verify(required-trusted)));`,
  },
];
for (const { name, transport, destination } of ngSenders) {
  const skip = withNg(...(transport === 'tls' ? ['openssl'] : []));
  test(`syslog-ng, ${name}: all messages arrive, in order and once`, { skip }, async (t) => {
    if (typeof syslogNg === 'string') return;
    const listening = await listen(t, { transport, ...(transport === 'tls' ? { tls: serverTls() } : {}) });
    const sent = lines(3000);
    const sender = await startSyslogNg(syslogNg, folder, sent, destination(listening.port));
    endWith(t, sender);
    await eventually('what was sent has come', () => listening.heard.length >= sent.length).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${sender.output()}`);
    });
    // syslog-ng numbers what it sends (RFC 5424 section 7.3.1), writes UTC as an offset, and counts a newline behind the
    // message as part of it.
    const same = distinct(listening).map((text) =>
      text
        .replace(/\[meta sequenceId="\d+"\]/, '')
        .replace('+00:00', 'Z')
        .trimEnd(),
    );
    assert.deepEqual(same, sent);
    assert.equal(listening.heard.length, sent.length);
    assert.equal(listening.listener.cut, 0);
  });
}

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d`;
const HEAD = String.raw`1 ${TIME} \S+ app - - \[timeQuality [^\]]*\]`;
const loggerCases: [string, string[], string[], RegExp[]][] = [
  ['its default', ['said'], [], [new RegExp(`^<13>${HEAD} said$`)]],
  ['octet counting', ['--octet-count', 'said'], [], [new RegExp(`^<13>${HEAD} said$`)]],
  ['RFC 3164', ['--rfc3164', 'said'], [], [/^<13>\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ app: said$/]],
  ['RFC 3164 with a count', ['--rfc3164', '--octet-count', 'said'], [], [/^<13>\w{3} .* app: said$/]],
  [
    'RFC 5424 without time, host and quality',
    ['--rfc5424=notime,notq,nohost', 'said'],
    [],
    [/^<13>1 - - app - - - said$/],
  ],
  [
    'structured data and a message id',
    ['--id=77', '-p', 'local3.warning', '--msgid', 'ID7', '--sd-id', 'zoo@123', '--sd-param', 'tiger="hungry"', 'said'],
    [],
    [new RegExp(String.raw`^<156>1 ${TIME} \S+ app 77 ID7 \[timeQuality [^\]]*\]\[zoo@123 tiger="hungry"\] said$`)],
  ],
  [
    'several lines with priorities',
    ['--prio-prefix', '-e'],
    ['<11>one', '', '<12>two'],
    [new RegExp(`^<11>${HEAD} one$`), new RegExp(`^<12>${HEAD} two$`)],
  ],
  ['standard error as well', ['-s', 'said'], [], [new RegExp(`^<13>${HEAD} said$`)]],
  ['a size', ['--octet-count', '--size', '8', 'a longer text'], [], [new RegExp(`^<13>${HEAD} a longer$`)]],
  ['a long message', ['--size', '4000', 'x'.repeat(3900)], [], [new RegExp(`^<13>${HEAD} x{3900}$`)]],
];
for (const [name, parameters, input, expected] of loggerCases) {
  test(`logger over TCP with ${name}`, { skip: skipWithout('logger') }, async (t) => {
    const listening = await listen(t);
    const file = join(await ownFolder(), 'input');
    await writeFile(file, input.map((line) => `${line}\n`).join(''));
    const target = ['-T', '-n', '127.0.0.1', '-P', String(listening.port), '-t', 'app'];
    const { code, output } = await runTool(
      'logger',
      [...target, ...(input.length > 0 ? ['-f', file] : []), ...parameters],
      folder,
    );
    assert.equal(code, 0, output);
    await eventually('what was sent has come', () => listening.heard.length >= expected.length);
    assert.equal(listening.heard.length, expected.length);
    expected.forEach((pattern, index) => assert.match(listening.heard[index]?.text ?? '', pattern));
  });
}

test('logger over UDP', { skip: skipWithout('logger') }, async (t) => {
  const heard: string[] = [];
  const options = { family: 'syslog', address: '127.0.0.1', port: 0, receiveBufferBytes: 65_536, allowFrom: [] };
  const listener = new UdpListener(options, systemClock, ({ bytes }) => void heard.push(bytes.toString()), silentLog);
  await listener.start();
  t.after(() => listener.stop());
  const target = ['-d', '-n', '127.0.0.1', '-P', String(listener.address()?.port), '-t', 'app'];
  for (const format of ['--rfc5424', '--rfc3164']) await runTool('logger', [...target, format, 'said'], folder);
  await eventually('what was sent has come', () => heard.length === 2);
  assert.match(heard[0] ?? '', new RegExp(`^<13>${HEAD} said$`));
  assert.match(heard[1] ?? '', /^<13>\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ app: said$/);
});
