import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ConfigError } from '../../src/config/findings.ts';
import { loadConfig } from '../../src/config/load.ts';
import { maskSecrets } from '../../src/config/mask.ts';

const EMAIL = { host: 'mail.example.net', from: 'dw@example.net', to: ['noc@example.net'] };

function load(context: TestContext, notify: unknown, files: Readonly<Record<string, string>> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'dogwatch-notify-'));
  context.after(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  writeFileSync(join(directory, 'dogwatch.yaml'), JSON.stringify({ notify }));
  return loadConfig({ directory, environment: {} }).config;
}

function findings(context: TestContext, notify: unknown, files = {}): string {
  try {
    load(context, notify, files);
    return '';
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.findings.map(({ path, message, found }) => `${path}: ${message} ${found ?? ''}`).join('\n');
  }
}

test('secrets come from files, and are not shown', (context) => {
  const webhooks = [{ urlFile: 'url', headersFile: 'headers' }];
  const email = { ...EMAIL, user: 'dw', passwordFile: 'password' };
  const files = {
    password: 'geheim\n',
    url: 'https://hooks.example.net/geheim\n',
    headers: 'Authorization: Bearer geheim\n',
  };
  const config = load(context, { email, webhooks }, files);
  assert.equal(config.notify.email?.password, 'geheim');
  assert.equal(config.notify.webhooks[0]?.url, 'https://hooks.example.net/geheim');
  assert.deepEqual(config.notify.webhooks[0]?.headers, { Authorization: 'Bearer geheim' });
  assert.doesNotMatch(JSON.stringify(maskSecrets(config)), /geheim/);
});

test('bad settings are named at once, and their secrets are not', (context) => {
  assert.match(
    findings(context, { email: { ...EMAIL, user: 'dw', passwordFile: 'absent' } }),
    /^notify\.email\.passwordFile: cannot be read/,
  );
  assert.match(
    findings(context, { email: { ...EMAIL, user: 'dw', password: 'p', tls: 'none' } }),
    /^notify\.email\.tls: expected starttls/,
  );
  assert.match(findings(context, { email: { ...EMAIL, to: ['noc'] } }), /^notify\.email\.to\[0\]: expected an address/);
  assert.match(findings(context, { webhooks: [{}] }), /^notify\.webhooks\[0\]: expected url or urlFile/);
  assert.doesNotMatch(findings(context, { webhooks: [{ url: 'ftp://geheim' }] }), /geheim/);
  assert.match(
    findings(context, { quiet: { from: '22:00', to: '06:00', timeZone: 'Mars' } }),
    /^notify\.quiet\.timeZone: expected a time zone/,
  );
  assert.doesNotMatch(
    findings(context, { webhooks: [{ url: 'https://a.example', headersFile: 'h' }] }, { h: 'geheim' }),
    /geheim/,
  );
});
