import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CheckResult } from '../../src/cli/checks/check-result.ts';
import { checkSecrets } from '../../src/cli/checks/secrets.ts';
import { loadConfig } from '../../src/config/load.ts';
import { openssl, skipWithoutOpenssl } from '../support/certificates.ts';
import { temporaryDirectory } from '../support/postgres.ts';

/** What is found about this configuration, with `DIR` for its folder. */
async function findings(directory: string, yaml: string): Promise<CheckResult[]> {
  await writeFile(join(directory, 'dogwatch.yaml'), yaml);
  const { config } = loadConfig({ directory, environment: {} });
  const results = await checkSecrets({ config, running: undefined });
  const plain = (text: string): string => text.replaceAll(directory, 'DIR');
  return results.map(({ name, found, ...rest }) => ({ name: plain(name), found: plain(found), ...rest }));
}

async function makeCertificate(directory: string, days: number): Promise<void> {
  openssl(
    ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=collector.example.net'.split(' '),
    '-keyout',
    join(directory, 'key.pem'),
    '-out',
    join(directory, 'cert.pem'),
    '-days',
    String(days),
  );
  await chmod(join(directory, 'key.pem'), 0o600);
}

const LISTENER = 'listeners: [{ family: syslog, transport: tls, port: 0 }]\n';
const TLS = `${LISTENER}tls: { certificateFile: cert.pem, keyFile: key.pem }\n`;

test(
  'a certificate is found with its subject and end, one that ends soon is warned of',
  { skip: skipWithoutOpenssl },
  async () => {
    const directory = await temporaryDirectory();
    await makeCertificate(directory, 365);
    const [good, ...more] = await findings(directory, TLS);
    assert.equal(good?.state, 'ok');
    assert.match(good.found, /CN=collector\.example\.net, valid until \d{4}-\d\d-\d\d$/);
    assert.deepEqual(more, []);
    await makeCertificate(directory, 5);
    const [soon] = await findings(directory, TLS);
    assert.equal(soon?.state, 'warn');
    assert.match(soon.found, /: [45] days$/);
  },
);

test('a key that is missing, or that everybody may read, is named', { skip: skipWithoutOpenssl }, async () => {
  const directory = await temporaryDirectory();
  await makeCertificate(directory, 365);
  await chmod(join(directory, 'key.pem'), 0o644);
  const open = await findings(directory, TLS);
  assert.deepEqual(open.map(({ name, state }) => [name, state]).slice(1), [['rights of DIR/key.pem', 'warn']]);
  const [missing] = await findings(directory, TLS.replace('key.pem', 'other.pem'));
  assert.equal(missing?.state, 'fail');
  assert.match(missing.found, /DIR\/other\.pem/);
});

test('SNMP credentials are counted, and all that is wrong with them is said without a secret', async () => {
  const directory = await temporaryDirectory();
  const file = join(directory, 'snmp.yaml');
  const yaml = 'listeners: [{ port: 0 }]\nsnmp: { credentialsFile: snmp.yaml }\n';
  await writeFile(file, 'communities: { core: s3cret }\n', { mode: 0o600 });
  assert.deepEqual(await findings(directory, yaml), [
    { name: 'SNMP credentials DIR/snmp.yaml', state: 'ok', found: '1 communities, 0 users, 0 ways to poll' },
  ]);
  await writeFile(file, 'communities: { core: s3cret, edge: s3cret }\nuser: []\n');
  const [bad] = await findings(directory, yaml);
  assert.equal(bad?.state, 'fail');
  assert.match(bad.found, /snmp\.yaml:2: user: no such setting; did you mean users\?/);
  assert.doesNotMatch(bad.found, /s3cret/);
});

test('every file with a password or a key to a webhook that everybody may read is warned of, and no other file', async () => {
  const directory = await temporaryDirectory();
  const files: readonly (readonly [string, string])[] = [
    ['mail.password', 'secret'],
    ['chat.url', 'https://hooks.example.net/secret'],
    ['chat.headers', 'Authorization: Bearer secret'],
    ['db.password', 'secret'],
    ['private.url', 'https://hooks.example.net/secret'],
    ['ca.pem', '-----BEGIN CERTIFICATE-----'],
  ];
  for (const [name, text] of files) await writeFile(join(directory, name), text, { mode: 0o644 });
  await chmod(join(directory, 'private.url'), 0o640);
  const email =
    '{ host: mail.example.net, user: dw, passwordFile: mail.password, caFile: ca.pem, from: dw@example.net, to: [noc@example.net] }';
  const webhooks = '[{ urlFile: chat.url, headersFile: chat.headers }, { urlFile: private.url }]';
  const database = 'database: { url: postgresql://dogwatch@db.example.net/dogwatch, passwordFile: db.password }';
  const found = await findings(directory, `${database}\nnotify: { email: ${email}, webhooks: ${webhooks} }\n`);
  assert.deepEqual(found.map(({ name, state }) => `${state}: ${name}`).toSorted(), [
    'warn: rights of DIR/chat.headers',
    'warn: rights of DIR/chat.url',
    'warn: rights of DIR/db.password',
    'warn: rights of DIR/mail.password',
  ]);
});
