import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { settingDigests, settingsDigest } from '../../src/pair/settings-digest.ts';

function configOf(hostname: string, changes: Readonly<Record<string, string>> = {}): Config {
  const machine = { hostname, stateDirectory: `/var/lib/${hostname}`, privilegedPorts: false };
  return loadConfig({ directory: '/nowhere', environment: changes, machine }).config;
}

const withPassword = (password: string): Record<string, string> => ({
  DOGWATCH_DATABASE__URL: 'postgresql://db/flows',
  DOGWATCH_DATABASE__PASSWORD: password,
});

test('two nodes that differ in what is their own have the same settings', () => {
  assert.equal(settingsDigest(configOf('dw-a', { DOGWATCH_HTTP__PORT: '9000' })), settingsDigest(configOf('dw-b')));
});

test('a shared setting that differs is seen', () => {
  assert.notEqual(settingsDigest(configOf('dw-a', { DOGWATCH_BATCH__AGE: '1s' })), settingsDigest(configOf('dw-a')));
});

test('each shared setting has a digest by its path, which tells nothing of secrets and is the same wherever the state lies', () => {
  const one = settingDigests(configOf('dw-a', { ...withPassword('hush'), DOGWATCH_BATCH__AGE: '2s' }));
  const other = settingDigests(configOf('dw-b', withPassword('other')));
  assert.deepEqual(
    Object.keys({ ...one, ...other }).filter((path) => one[path] !== other[path]),
    ['batch.age'],
  );
  assert.equal(Object.keys(one).includes('http.port'), false);
});
