import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';

import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { type Certificate, CertificateAuthority } from '../support/certificates.ts';
import { skipWithout } from '../support/packages.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { countMessages, startSyslogCollector, storedCount, type SyslogCollector } from '../support/syslog-collector.ts';

const LAUNCHER = fileURLToPath(new URL('../../src/cli/dogwatch.mjs', import.meta.url));
const RULES = [
  { name: 'debug', severity: 'debug', action: 'drop' },
  { name: 'logins', app: 'sshd', action: 'tag', tags: 'auth' },
  { name: 'chatter', app: 'chatty', rate: '5/h', action: 'limit' },
];

const skip = skipWithout('openssl');
let folder = '';
let authority: CertificateAuthority;
let current: Certificate;
let collector: SyslogCollector;
let client: DatabaseClient;

/** Puts a certificate where the collector reads its own; the account that it runs as may read the key. */
function use({ certificateFile, keyFile }: Certificate): void {
  copyFileSync(certificateFile, current.certificateFile);
  copyFileSync(keyFile, current.keyFile);
  chmodSync(current.keyFile, 0o644);
}

before(async () => {
  if (skip !== false) return;
  folder = await temporaryDirectory();
  authority = new CertificateAuthority(folder);
  current = { certificateFile: join(folder, 'current.crt'), keyFile: join(folder, 'current.key') };
  use(authority.issue('first', '/CN=first', { DNS: 'localhost', IP: '127.0.0.1' }));
  const database = await startTestDatabase();
  client = await connect(database.address);
  collector = await startSyslogCollector({
    folder,
    databaseUrl: database.connectionString,
    tls: current,
    settings: { syslog: { timeZone: 'UTC', rules: RULES } },
  });
});

after(async () => {
  if (skip !== false) return;
  await collector.process.stop();
  await disconnect(client);
});

/** @throws Error when it does not end with 0 */
function dogwatch(...parameters: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [LAUNCHER, ...parameters], { cwd: folder, maxBuffer: 2 ** 26 }, (error, out, err) => {
      if (error === null) resolve(out);
      else reject(new Error(`dogwatch ${parameters.join(' ')}: ${error.message}\n${err}`));
    });
  });
}

/** Messages over TLS, each with a count; resolves when they are written. */
async function sendOverTls(...messages: string[]): Promise<{ subject: string }> {
  const ca = await readFile(authority.certificateFile);
  const socket = connectTls({ port: collector.ports.tls, host: '127.0.0.1', ca });
  await once(socket, 'secureConnect');
  const subject = String(socket.getPeerCertificate().subject.CN);
  socket.end(messages.map((message) => `${Buffer.byteLength(message)} ${message}`).join(''));
  socket.resume();
  await once(socket, 'close');
  return { subject };
}

const ways = [
  { code: 'u', parameters: ['--transport', 'udp'], port: () => collector.ports.udp },
  { code: 't', parameters: ['--transport', 'tcp'], port: () => collector.ports.tcp },
  { code: 't', parameters: ['--transport', 'tcp', '--framing', 'lf'], port: () => collector.ports.tcp },
  { code: 's', parameters: ['--transport', 'tls'], port: () => collector.ports.tls, overTls: true },
  { code: 'r', parameters: ['--transport', 'relp'], port: () => collector.ports.relp },
  { code: 'r', parameters: ['--transport', 'relp', '--tls'], port: () => collector.ports.relpTls, overTls: true },
];
for (const { code, parameters, port, overTls } of ways) {
  test(`what dogwatch send syslog ${parameters.join(' ')} sends is stored, to the message`, { skip }, async () => {
    const before = await countMessages(client, `transport = '${code}'`);
    const trust = overTls === true ? ['--tls-ca', authority.certificateFile] : [];
    const to = [
      '--to',
      `127.0.0.1:${port()}`,
      '--dialect',
      'cisco-ios',
      '--rate',
      '1k',
      '--duration',
      '200ms',
      '--json',
    ];
    const report: { messages: number } = JSON.parse(await dogwatch('send', 'syslog', ...to, ...parameters, ...trust));
    assert.ok(report.messages > 0);
    const droppedByRule = (await collector.process.status()).syslog.dropped;
    assert.equal(droppedByRule, 0);
    await storedCount(client, before + report.messages, `transport = '${code}'`);
  });
}

test('a new certificate is shown to new senders without a restart', { skip }, async () => {
  assert.equal((await sendOverTls()).subject, 'first');
  use(authority.issue('second', '/CN=second', { DNS: 'localhost', IP: '127.0.0.1' }));
  await eventually('the new certificate is shown', async () => (await sendOverTls()).subject === 'second');
});

test(
  'messages are dropped, tagged and limited by rules, and counted by each in status and metrics',
  { skip },
  async () => {
    const many = (count: number, head: string): string[] =>
      Array.from({ length: count }, (_, index) => `${head} ${index}`);
    await sendOverTls(
      ...many(4, '<15>1 - h noisy - - - debug'),
      ...many(3, '<38>1 - h sshd - - - login'),
      ...many(20, '<14>1 - h chatty - - - again'),
    );
    await storedCount(client, 3 + 5, `app_name IN ('noisy', 'sshd', 'chatty')`);
    await storedCount(client, 3, `app_name = 'sshd' AND tags = '{auth}'`);
    const { syslog } = await collector.process.status();
    const counts = syslog.rules.map(({ name, action, matched, dropped }) => [name, action, matched, dropped]);
    assert.deepEqual(counts, [
      ['debug', 'drop', 4, 4],
      ['logins', 'tag', 3, 0],
      ['chatter', 'limit', 20, 15],
    ]);
    assert.equal(syslog.dropped, 19);
    const metrics = await collector.process.metrics();
    for (const [name, action, matched, dropped] of counts) {
      const labels = `{rule="${name}",action="${action}"}`;
      assert.ok(metrics.includes(`\ndogwatch_syslog_rule_matched_total${labels} ${matched}\n`), labels);
      assert.ok(metrics.includes(`\ndogwatch_syslog_rule_dropped_total${labels} ${dropped}\n`), labels);
    }
    assert.match(metrics, /^dogwatch_syslog_dropped_total 19$/m);
  },
);

/** Questions to the database at the same time. */
const AT_ONCE = 4;
const FOUND = 'Interface Gi0/7 is down';
const filters = [
  ['--severity', 'emerg'],
  ['--severity', 'warning+', '--app', 'probe'],
  ['--facility', 'local7', '--app', 'probe'],
  ['--device', '127.0.0.1', '--app', 'probe'],
  ['--device', '127.0.0.0/8', '--app', 'probe'],
  ['--host', 'edge-*'],
  ['--app', 'pro*'],
  ['--match', 'gi0/7 IS'],
  ['--word', 'gi0/7'],
  ['--regex', 'gi0/[0-9] is'],
  ['--field', 'port=7'],
];
test('dogwatch logs finds a message by each of its filters', { skip }, async () => {
  await sendOverTls(`<184>1 2026-03-05T11:22:33Z edge-1 probe 7 ID9 [if@32473 port="7"] ${FOUND}`);
  await storedCount(client, 1, `app_name = 'probe'`);
  const config = ['--config', join(folder, 'dogwatch.yaml'), '--last', '1h', '--raw'];
  const found = (filter: string[]): Promise<string> => dogwatch('logs', ...config, ...filter);
  for (let at = 0; at < filters.length; at += AT_ONCE) {
    const asked = filters.slice(at, at + AT_ONCE);
    const answers = await Promise.all(asked.map(found));
    for (const [index, answer] of answers.entries()) assert.equal(answer, `${FOUND}\n`, asked[index]?.join(' '));
  }
  const [tagged, none] = await Promise.all([found(['--tag', 'auth']), found(['--mnemonic', 'NO-SUCH'])]);
  assert.deepEqual(tagged.trim().split('\n').sort(), ['login 0', 'login 1', 'login 2']);
  assert.equal(none, '');
});
