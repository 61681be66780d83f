import assert from 'node:assert/strict';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { configJsonSchema, leafSettings } from '../../src/config/json-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import { settingsReference, withSettingsReference } from '../../src/config/reference.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MACHINE = { hostname: 'localhost', stateDirectory: '/var/lib/dogwatch', privilegedPorts: false };
const SCHEMA = configJsonSchema(MACHINE);

test('docs/configuration.md lists the settings as the schema has them', () => {
  const document = readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8');
  assert.ok(
    document === withSettingsReference(document, settingsReference(SCHEMA)),
    'docs/configuration.md is out of date; renew it with: npm run dogwatch -- config --reference docs/configuration.md',
  );
});

test('the reference names every setting by its environment variable, once', () => {
  const text = settingsReference(SCHEMA);
  for (const { path } of leafSettings(SCHEMA)) {
    const name = path.at(-1) ?? '';
    assert.ok(text.includes(`| \`${name}\` |`), path.join('.'));
  }
  const variables = [...text.matchAll(/<br>`(DOGWATCH_[A-Z_]+)`/g)].map(([, variable]) => variable);
  assert.equal(variables.length, [...leafSettings(SCHEMA)].length);
  assert.equal(new Set(variables).size, variables.length);
});

test('bounds that JSON Schema cannot say are in the reference: of sizes, durations and prefixes', () => {
  const text = settingsReference(SCHEMA);
  assert.match(text, /^\| `receiveBuffer` \| size, 64KiB to 1GiB \| `8MiB` \|/m);
  assert.match(text, /^\| `age` \| duration, 1ms to 1m \| `250ms` \|/m);
  assert.match(text, /^\| `allowFrom` \| list: address or prefix \| `\[\]` \|/m);
  assert.match(text, /^\| `port` \| whole number, 0 to 65535 \| \(required\) \|/m);
});

test('a document without marks is left alone', () => {
  assert.equal(withSettingsReference('# Nothing to see\n', 'x'), undefined);
});

for (const file of globSync('docs/examples/*.yaml', { cwd: ROOT })) {
  test(`${file} can be loaded`, (context) => {
    const directory = mkdtempSync(join(tmpdir(), 'dogwatch-example-'));
    context.after(() => rmSync(directory, { recursive: true }));
    const copy = join(directory, basename(file));
    cpSync(join(ROOT, file), copy);
    for (const name of ['database-password', 'redis-password']) writeFileSync(join(directory, name), 'secret\n');
    const { config, sources } = loadConfig({ file: copy, environment: {}, directory, machine: MACHINE });
    assert.equal(sources.file, copy);
    assert.ok(config.allowFrom.length > 0, 'an example must not teach to listen to everybody');
  });
}
