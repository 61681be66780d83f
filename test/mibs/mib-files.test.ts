import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { standardModules } from '../../collectors/snmp/names/standard-names.ts';
import { compileMibs } from '../../src/mibs/compile-mibs.ts';

const DEBIAN_MIBS = '/usr/share/snmp/mibs';
const NET_SNMP_MIBS = new URL('../../node_modules/net-snmp/lib/mibs', import.meta.url).pathname;

test('files that are no MIBs, and files that are not there, are said', async (context) => {
  const path = await mkdtemp(join(tmpdir(), 'dogwatch-mibs-'));
  context.after(() => rm(path, { recursive: true, force: true }));
  await writeFile(join(path, 'a.bin'), Buffer.from([0x4d, 0x5a, 0, 1]));
  await writeFile(join(path, 'b.txt'), 'hello\n');
  await writeFile(join(path, 'readme.md'), 'passed over');
  await writeFile(join(path, '.hidden'), 'passed over');
  const { findings } = await compileMibs([path, join(path, 'none')], standardModules());
  assert.deepEqual(
    findings.map(({ file, severity, code }) => [file.slice(path.length + 1), severity, code]),
    [
      ['a.bin', 'warning', 'not-a-mib'],
      ['b.txt', 'warning', 'not-a-mib'],
      ['none', 'error', 'unreadable'],
    ],
  );
});

test('the modules that an SNMP library brings along give what is bundled', async () => {
  const { modules, findings } = await compileMibs([NET_SNMP_MIBS], []);
  assert.deepEqual(
    findings.filter(({ severity }) => severity === 'error'),
    [],
  );
  const bundled = new Map(standardModules().map((each) => [each.module, each]));
  assert.deepEqual(
    modules.find(({ module }) => module === 'IF-MIB'),
    bundled.get('IF-MIB'),
  );
});

test(
  'the modules that Debian ships for net-snmp compile without an error',
  { skip: !existsSync(DEBIAN_MIBS) && 'needs /usr/share/snmp/mibs (Debian: libsnmp-base)' },
  async () => {
    const { modules, findings } = await compileMibs([DEBIAN_MIBS], standardModules());
    assert.ok(modules.length > 0);
    assert.deepEqual(
      findings.filter(({ severity }) => severity === 'error'),
      [],
    );
  },
);
