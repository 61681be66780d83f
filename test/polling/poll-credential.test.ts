import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSnmpCredentials } from '../../src/config/snmp-credentials.ts';
import { ConfigError } from '../../src/config/findings.ts';
import { temporaryDirectory } from '../support/postgres.ts';

test('polling with DES is refused where it is written, and not when a device is asked', async () => {
  const file = join(await temporaryDirectory(), 'credentials.yaml');
  const lines = [
    'users:',
    '  - name: reader',
    '    auth: { protocol: MD5, password: an auth pass phrase }',
    '    privacy: { protocol: DES, password: a privacy pass phrase }',
    'polling:',
    '  - { devices: [192.0.2.0/24], user: reader }',
  ];
  await writeFile(file, lines.join('\n'));
  assert.throws(
    () => readSnmpCredentials(file),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      const [finding, ...more] = error.findings;
      assert.deepEqual(more, []);
      assert.match(finding?.message ?? '', /^polling knows AES, AES-256, AES-256-C, not DES$/);
      return true;
    },
  );
});
