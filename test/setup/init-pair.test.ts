import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadConfig } from '../../src/config/load.ts';
import { settingsDigest } from '../../src/pair/settings-digest.ts';
import { interfaceOf } from '../../src/setup/pair/own-interface.ts';
import { parseNode } from '../../src/setup/pair/pair-plan.ts';
import { temporaryDirectory } from '../support/postgres.ts';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('../../src/cli/dogwatch.mjs', import.meta.url));
const FLAGS = [
  '--node',
  'dw-a=192.0.2.11',
  '--node',
  'dw-b=192.0.2.12',
  '--virtual',
  '192.0.2.10/24',
  '--interface',
  'eth0',
  '--database',
  'postgresql://dogwatch:secret@db.example.net/dogwatch',
];

/** Exit code and what was said. */
async function init(...flags: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return run(process.execPath, [PROGRAM, 'init', 'pair', ...flags]).then(
    (said) => ({ code: 0, ...said }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

test('both nodes get files that a start takes, with one secret that only its owner reads', async () => {
  const folder = await temporaryDirectory();
  const { code, stdout } = await init(...FLAGS, '--output', folder);
  assert.equal(code, 0);
  assert.match(stdout, /check --pair/);
  const [a, b] = ['dw-a', 'dw-b'].map(
    (name) => loadConfig({ file: join(folder, name, 'dogwatch.yaml'), environment: {} }).config,
  );
  assert.deepEqual(
    [a?.node.name, a?.ha?.address, a?.ha?.peer],
    ['dw-a', '192.0.2.11', { name: 'dw-b', address: '192.0.2.12' }],
  );
  assert.deepEqual(
    [b?.node.name, b?.ha?.address, b?.ha?.peer],
    ['dw-b', '192.0.2.12', { name: 'dw-a', address: '192.0.2.11' }],
  );
  assert.ok(a !== undefined && b !== undefined);
  assert.equal(settingsDigest(a), settingsDigest(b));
  const secrets = await Promise.all([a, b].map(({ ha }) => readFile(ha?.secretFile ?? '', 'utf8')));
  assert.equal(secrets[0], secrets[1]);
  assert.equal(Buffer.from(secrets[0] ?? '', 'base64').length, 32);
  assert.equal((await stat(a.ha?.secretFile ?? '')).mode & 0o777, 0o600);
  // It holds the password of the database.
  assert.equal((await stat(join(folder, 'dw-a', 'dogwatch.yaml'))).mode & 0o007, 0);
  assert.match(
    await readFile(join(folder, 'dw-a', 'dogwatch.service'), 'utf8'),
    /^AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW/m,
  );
});

test('files that are there are kept, unless it is forced', async () => {
  const folder = await temporaryDirectory();
  assert.equal((await init(...FLAGS, '--output', folder)).code, 0);
  const file = join(folder, 'dw-b', 'pair.secret');
  await chmod(file, 0o600);
  await writeFile(file, 'mine');
  const { code, stderr } = await init(...FLAGS, '--output', folder);
  assert.equal(code, 1);
  assert.match(stderr, /there already.*\n.*--force/);
  assert.equal(await readFile(file, 'utf8'), 'mine');
  assert.equal((await init(...FLAGS, '--output', folder, '--force')).code, 0);
  assert.notEqual(await readFile(file, 'utf8'), 'mine');
});

test('one name for both nodes, and a virtual IP outside the subnet, are refused by the name of the setting, and nothing is written', async () => {
  const folder = join(await temporaryDirectory(), 'new');
  const flags = FLAGS.map((flag) => flag.replace('dw-b=', 'dw-a=').replace('192.0.2.10/', '198.51.100.10/'));
  const { code, stderr } = await init(...flags, '--output', folder);
  assert.equal(code, 1);
  assert.match(stderr, /ha\.peer\.name: expected another name than node\.name \(dw-a\)/);
  assert.match(stderr, /ha\.virtualAddresses\[0\]: expected an address in the subnet of ha\.address/);
  await assert.rejects(stat(folder), { code: 'ENOENT' });
});

test('without a terminal everything that is missing is said at once', async () => {
  const { code, stderr } = await init('--node', 'dw-a=192.0.2.11');
  assert.equal(code, 2);
  assert.match(stderr, /--node twice.*--virtual.*--database/);
});

test('the own address tells the interface, and its prefix length', () => {
  for (const address of ['127.0.0.1', '127.0.0.2'])
    assert.deepEqual(interfaceOf(address), { name: 'lo', prefixLength: 8 });
  assert.equal(interfaceOf('192.0.2.99'), undefined);
});

test('a node is written as name and address of either family, with a port where it has its own', () => {
  assert.deepEqual(parseNode('dw-a=192.0.2.11'), { name: 'dw-a', address: '192.0.2.11' });
  assert.deepEqual(parseNode('dw-a=192.0.2.11:9000'), { name: 'dw-a', address: '192.0.2.11', port: 9000 });
  assert.deepEqual(parseNode('dw-a=2001:db8::11'), { name: 'dw-a', address: '2001:db8::11' });
  assert.deepEqual(parseNode('dw-a=[2001:db8::11]:9000'), { name: 'dw-a', address: '2001:db8::11', port: 9000 });
  assert.equal(parseNode('dw-a'), undefined);
});
