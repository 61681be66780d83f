import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../../src/config/load.ts';
import { unreadableFiles } from '../../../src/pair/readiness/node-facts.ts';
import { temporaryDirectory } from '../../support/postgres.ts';

test('secret files that are gone are named, those of notifications too', async () => {
  const directory = await temporaryDirectory();
  const at = (name: string): string => join(directory, name);
  const files = { password: 'secret', url: 'https://hooks.example.net/secret', headers: 'X-Key: secret' };
  for (const [name, text] of Object.entries(files)) await writeFile(at(name), text);
  await writeFile(at('ca.pem'), '-----BEGIN CERTIFICATE-----');
  const email = {
    host: 'mail.example.net',
    user: 'dw',
    passwordFile: 'password',
    caFile: 'ca.pem',
    from: 'dw@example.net',
    to: ['noc@example.net'],
  };
  const notify = { email, webhooks: [{ urlFile: 'url', headersFile: 'headers' }] };
  await writeFile(at('dogwatch.yaml'), JSON.stringify({ notify }));
  const { config } = loadConfig({ directory, environment: {} });
  assert.deepEqual(await unreadableFiles(config), []);
  const all = ['ca.pem', 'headers', 'password', 'url'].map(at);
  for (const file of all) await rm(file);
  assert.deepEqual((await unreadableFiles(config)).toSorted(), all);
});
