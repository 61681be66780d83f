import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSnmpCredentials } from '../../src/config/snmp-credentials.ts';
import { messageOf } from '../../src/runtime/errors.ts';
import { temporaryDirectory } from '../support/postgres.ts';

async function credentialsFile(yaml: string): Promise<string> {
  const file = join(await temporaryDirectory(), 'snmp-credentials.yaml');
  await writeFile(file, yaml);
  return file;
}

async function refusalOf(yaml: string): Promise<string[]> {
  const file = await credentialsFile(yaml);
  try {
    readSnmpCredentials(file);
  } catch (error) {
    return messageOf(error).split('\n').slice(1);
  }
  return assert.fail('was not refused');
}

test('communities, users and what is polled with them are read from one file', async () => {
  const file = await credentialsFile(`
    communities: { core: s3cret }
    users:
      - name: alice
        auth: { protocol: SHA-256, password: correct horse }
        privacy: { protocol: AES, password: battery staple }
        minimumLevel: authPriv
    polling:
      - { devices: [192.0.2.0/24], community: core }
      - { devices: [198.51.100.7, '2001:db8::/64'], user: alice, port: 1161 }`);
  const { communities, users, polling } = readSnmpCredentials(file);
  assert.deepEqual([...communities], [['s3cret', 'core']]);
  assert.deepEqual(
    users.map(({ name, minimumLevel }) => [name, minimumLevel]),
    [['alice', 'authPriv']],
  );
  assert.deepEqual(polling, [
    { devices: ['192.0.2.0/24'], credential: { port: 161, version: '2c', community: 's3cret' } },
    {
      devices: ['198.51.100.7', '2001:db8::/64'],
      credential: {
        port: 1161,
        version: '3',
        user: 'alice',
        auth: { protocol: 'SHA-256', password: 'correct horse' },
        privacy: { protocol: 'AES', password: 'battery staple' },
      },
    },
  ]);
});

test('everything that is wrong is named at once, with its place, and no secret is shown', async () => {
  const found = await refusalOf(`communities: { core: s3cret, edge: s3cret }
users:
  - { name: bob, privacy: { protocol: AES, password: private parts } }
  - { name: eve, minimumLevel: authPriv, auth: { protocol: SHA, localisedKey: 00ff } }
polling:
  - { devices: [192.0.2.1], community: nowhere }
  - { devices: [192.0.2.2], community: core, user: bob }`);
  assert.deepEqual(found, [
    '  snmp-credentials.yaml:1: communities.edge: the same community as core',
    '  snmp-credentials.yaml:3: users[0].privacy: expected auth beside it: there is no privacy without authentication',
    '  snmp-credentials.yaml:4: users[1].minimumLevel: expected at most authNoPriv, which is what auth and privacy are there for',
    '  snmp-credentials.yaml:4: users[1].auth: expected engineId beside a localisedKey: it is valid at that engine alone',
    '  snmp-credentials.yaml:6: polling[0].community: expected a name out of communities',
    '  snmp-credentials.yaml:7: polling[1]: expected either community or user, by the name that it has above',
  ]);
});

test('a password that is too short is refused without being shown', async () => {
  const found = await refusalOf('users: [{ name: bob, auth: { protocol: SHA, password: hunter2 } }]');
  assert.deepEqual(found, ['  snmp-credentials.yaml:1: users[0].auth.password: expected at least 8 characters']);
});

test('a user whose privacy protocol cannot be polled with is refused for polling, and told why', async () => {
  const found = await refusalOf(`users:
  - { name: bob, auth: { protocol: SHA, password: secret words }, privacy: { protocol: AES-192, password: secret words } }
polling: [{ devices: [192.0.2.1], user: bob }]`);
  assert.deepEqual(found, [
    '  snmp-credentials.yaml:3: polling[0].user: polling knows AES, AES-256, AES-256-C, not AES-192',
  ]);
});

test('one user may have several entries, as with both ways to lengthen a key, but not the same entry twice', async () => {
  const entry = (privacy: string) =>
    `{ name: ops, auth: { protocol: SHA, password: an auth phrase }, privacy: { protocol: ${privacy}, password: a privacy phrase } }`;
  const file = await credentialsFile(`users:\n  - ${entry('AES-256')}\n  - ${entry('AES-256-C')}`);
  const { users } = readSnmpCredentials(file);
  assert.deepEqual(
    users.map(({ privacy }) => privacy?.protocol),
    ['AES-256', 'AES-256-C'],
  );
  assert.deepEqual(await refusalOf(`users:\n  - ${entry('AES')}\n  - ${entry('AES')}`), [
    '  snmp-credentials.yaml:3: users[1]: the user ops is in users[0] already',
  ]);
});
