import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CredentialsByDevice } from '../../src/polling/credentials-by-device.ts';

const of = (community: string) => ({ port: 161, version: '2c', community }) as const;

const credentials = new CredentialsByDevice([
  { devices: ['192.0.2.0/24', '2001:db8::/32'], credential: of('wide') },
  { devices: ['192.0.2.128/25', '192.0.2.7', '2001:DB8::7'], credential: of('narrow') },
  { devices: ['198.51.100.9/32', 'fe80::1%eth0'], credential: of('single') },
]);

test('the longest prefix decides, and who is in none is not asked', () => {
  const community = (device: string) => {
    const found = credentials.of(device);
    return found?.version === '2c' ? found.community : undefined;
  };
  assert.equal(community('192.0.2.1'), 'wide');
  assert.equal(community('192.0.2.7'), 'narrow');
  assert.equal(community('192.0.2.200'), 'narrow');
  assert.equal(community('2001:db8::1'), 'wide');
  assert.equal(community('2001:db8::7'), 'narrow');
  assert.equal(community('192.0.3.1'), undefined);
  assert.equal(community('2001:db9::1'), undefined);
});

test('single addresses are named, a prefix of full length too, but none with a scope', () => {
  assert.deepEqual(credentials.named, ['192.0.2.7', '2001:DB8::7', '198.51.100.9']);
  assert.equal(credentials.isEmpty, false);
  assert.equal(new CredentialsByDevice([]).isEmpty, true);
});
