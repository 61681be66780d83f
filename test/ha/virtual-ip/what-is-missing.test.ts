import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findCommand, skipWithout } from '../../support/packages.ts';
import { temporaryDirectory } from '../../support/postgres.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const MODULE = 'ha/virtual-ip/linux/what-is-missing.ts';
const SCRIPT = `
const { whatIsMissing } = await import(process.argv[1]);
process.stdout.write(JSON.stringify(await whatIsMissing({ interface: process.argv[2], ipv4: true, ipv6: false })));
`;
const skip = (process.geteuid?.() === 0 ? false : 'needs root: other accounts') || skipWithout('ip', 'arping');

/** Where other accounts may read the program, wherever this clone lies. */
let folder = '';
before(async () => {
  folder = await temporaryDirectory();
  for (const part of ['ha/virtual-ip', 'ha/role', 'src/runtime'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  copyFileSync(process.execPath, join(folder, 'node'));
});

/** What a process of the account with this number lacks. */
function missingAs(user: number, capabilities: readonly string[], interfaceName = 'lo') {
  const granted = capabilities.map((name) => `+${name}`).join(',');
  const grants = granted === '' ? [] : ['--inh-caps', granted, '--ambient-caps', granted];
  const account = ['--reuid', String(user), '--regid', String(user), '--clear-groups'];
  const program = [join(folder, 'node'), '--input-type=module', '--eval', SCRIPT, join(folder, MODULE), interfaceName];
  const { stdout, stderr } = spawnSync('setpriv', [...(user === 0 ? [] : [...account, ...grants]), ...program], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.notEqual(stdout, '', stderr);
  const missing: { what: string; remedy: string }[] = JSON.parse(stdout);
  return missing;
}

const NOBODY = 65_534;

test('root lacks nothing where the programs are installed', { skip }, () => {
  assert.deepEqual(missingAs(0, []), []);
});

test('an account with the two capabilities, handed on to what it starts, lacks nothing', { skip }, () => {
  assert.deepEqual(missingAs(NOBODY, ['net_admin', 'net_raw']), []);
});

test('a missing capability is named, with ways to grant it', { skip }, () => {
  const [both] = missingAs(NOBODY, []);
  assert.match(both?.what ?? '', /CAP_NET_ADMIN and CAP_NET_RAW/);
  assert.match(both?.remedy ?? '', /AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW/);
  const [raw] = missingAs(NOBODY, ['net_admin']);
  assert.match(raw?.what ?? '', /lacks CAP_NET_RAW,/);
});

test('an interface that is not there is named, and those that are', { skip }, () => {
  const [missing] = missingAs(0, [], 'nowhere0');
  assert.equal(missing?.what, 'There is no interface nowhere0.');
  assert.match(missing?.remedy ?? '', /ha\.interface/);
  assert.ok(findCommand('ip'));
});
