import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { settingsDigest } from '../../src/pair/settings-digest.ts';

function configOf(hostname: string, changes: Readonly<Record<string, string>> = {}): Config {
  const machine = { hostname, stateDirectory: `/var/lib/${hostname}`, privilegedPorts: false };
  return loadConfig({ directory: '/nowhere', environment: changes, machine }).config;
}

test('two nodes that differ in what is their own have the same settings', () => {
  assert.equal(settingsDigest(configOf('dw-a', { DOGWATCH_HTTP__PORT: '9000' })), settingsDigest(configOf('dw-b')));
});

test('a shared setting that differs is seen', () => {
  assert.notEqual(settingsDigest(configOf('dw-a', { DOGWATCH_BATCH__AGE: '1s' })), settingsDigest(configOf('dw-a')));
});
