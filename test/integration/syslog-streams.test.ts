import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test, type TestContext } from 'node:test';

import { type Certificate, CertificateAuthority } from '../support/certificates.ts';
import { skipWithout } from '../support/packages.ts';
import { temporaryDirectory } from '../support/postgres.ts';
import { eventually, type Tool } from '../support/processes.ts';
import { RSYSLOG_NEEDS, startRsyslog } from '../support/rsyslog.ts';
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
