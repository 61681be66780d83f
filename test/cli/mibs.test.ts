import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

const DOGWATCH = join(import.meta.dirname, '../../src/cli/dogwatch.mjs');

const MIB = `PIER-MIB DEFINITIONS ::= BEGIN
IMPORTS enterprises FROM SNMPv2-SMI ifIndex FROM IF-MIB;
pier OBJECT IDENTIFIER ::= { enterprises 64991 }
pierState OBJECT-TYPE SYNTAX INTEGER { open(1), shut(2) } ::= { pier 1 }
pierShut NOTIFICATION-TYPE OBJECTS { pierState, ifIndex } STATUS current DESCRIPTION "" ::= { pier 0 1 }
END
`;

function folderWith(context: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'mibs-'));
  context.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

function mibs(...parameters: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [DOGWATCH, 'mibs', ...parameters], {
    encoding: 'utf8',
    cwd: tmpdir(),
  });
  return { code: status, out: stdout, err: stderr };
}

test('find translates names to OIDs and back, those of the MIB folder as well', (context) => {
  const folder = folderWith(context, { 'PIER-MIB.txt': MIB });
  const { code, out } = mibs('find', 'ifOperStatus.3', '.1.3.6.1.4.1.64991.1.0', 'pierShut', '--json', '-d', folder);
  assert.equal(code, 0);
  const found = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    found.map(({ name, oid, kind }) => [name, oid, kind]),
    [
      ['IF-MIB::ifOperStatus.3', '1.3.6.1.2.1.2.2.1.8.3', 'column'],
      ['PIER-MIB::pierState.0', '1.3.6.1.4.1.64991.1.0', 'scalar'],
      ['PIER-MIB::pierShut', '1.3.6.1.4.1.64991.0.1', 'notification'],
    ],
  );
  assert.equal(found[1].syntax, 'integer: open(1) shut(2)');
  assert.deepEqual(found[2].objects, ['PIER-MIB::pierState', 'IF-MIB::ifIndex']);
});

test('find says what it does not know, and exits with 1 when that is all', (context) => {
  const { code, out, err } = mibs('find', 'nothingOfThatName', '-d', folderWith(context, {}));
  assert.deepEqual([code, out], [1, '']);
  assert.match(err, /nothingOfThatName/);
});

test('check names file and line of what is wrong, and exits with 1', (context) => {
  const broken = MIB.replace('{ enterprises 64991 }', '{ nowhere 1 }');
  const folder = folderWith(context, { 'good.txt': MIB.replaceAll('PIER', 'QUAY'), 'broken.txt': broken });
  const { code, out } = mibs('check', folder);
  assert.equal(code, 1);
  assert.match(out, /broken\.txt:3: error: PIER-MIB: pier has no place: nowhere is not defined\n/);
  assert.doesNotMatch(out, /good\.txt/);
  const { modules, findings } = JSON.parse(mibs('check', folder, '--json').out);
  assert.deepEqual(
    modules.map(({ module, names, lost }: Record<string, unknown>) => [module, names, lost]),
    [
      ['PIER-MIB', 0, 3],
      ['QUAY-MIB', 3, 0],
    ],
  );
  assert.equal(findings.length, 1);
});

test('check of good files exits with 0, also when there are none', (context) => {
  const good = mibs('check', folderWith(context, { 'PIER-MIB': MIB }));
  assert.deepEqual([good.code, good.out], [0, '1 module, 3 names.\n']);
  const none = mibs('check', '-d', join(folderWith(context, {}), 'none'));
  assert.equal(none.code, 0);
  assert.match(none.out, /^No MIB files in /);
});

test('list has bundled modules and those of the folder, and the names of one', (context) => {
  const folder = folderWith(context, { 'PIER-MIB': MIB });
  const { out } = mibs('list', '-d', folder);
  assert.match(out, /^IF-MIB +\d+ +\d+ +bundled$/m);
  assert.match(out, /^PIER-MIB +3 +1 +\S+PIER-MIB$/m);
  assert.match(
    mibs('list', '--module', 'PIER-MIB', '-d', folder).out,
    /^1\.3\.6\.1\.4\.1\.64991\.1 +PIER-MIB::pierState +scalar/m,
  );
  assert.equal(mibs('list', '--module', 'NO-MIB', '-d', folder).code, 1);
  const below = mibs('list', '--oid', '1.3.6.1.6.3.1.1.5', '--json', '-d', folder).out;
  assert.ok(below.includes('"name":"IF-MIB::linkDown"'));
  assert.ok(!below.includes('sysDescr'));
});

test('compile prints what the program keeps of a module', (context) => {
  const folder = folderWith(context, {
    'A-MIB': 'A-MIB DEFINITIONS ::= BEGIN a OBJECT-TYPE SYNTAX INTEGER { on(1) } ::= { enterprises 64990 } END',
  });
  const { code, out } = mibs('compile', folder);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), {
    'A-MIB': { types: [], nodes: ['1.3.6.1.4.1.64990 a scalar integer{1 on}'] },
  });
});
