import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SNMP_TRAPS } from '../../collectors/snmp/tables.ts';
import { AUTH_PROTOCOLS, PRIVACY_PROTOCOLS } from '../../collectors/snmp/usm/crypto/protocols.ts';
import { UserTable } from '../../collectors/snmp/usm/users/user-table.ts';
import { loadConfig } from '../../src/config/load.ts';
import { readSnmpCredentials } from '../../src/config/snmp-credentials.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DOCUMENT = read('docs/snmp.md');
const MACHINE = { hostname: 'localhost', stateDirectory: '/var/lib/dogwatch', privilegedPorts: true };

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** What stands between a heading and the next one of its kind or higher. */
function section(heading: string): string {
  const from = DOCUMENT.indexOf(`\n${heading}\n`);
  assert.ok(from >= 0, heading);
  const end = DOCUMENT.slice(from + 1).search(/\n#{1,3} /);
  return end < 0 ? DOCUMENT.slice(from) : DOCUMENT.slice(from, from + 1 + end);
}

/** What stands in backticks in the first column of the tables of a text. */
function firstCells(text: string): string[] {
  const cells = [...text.matchAll(/^\| ([^|]*) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

/** The strings of union types in a source file. */
function membersOf(file: string, types: readonly string[]): string[] {
  const source = read(file).replaceAll(/\/\*[^]*?\*\//g, '');
  return types.flatMap((type) => {
    const declaration = new RegExp(`type ${type} =([^;]*);`).exec(source)?.[1];
    assert.ok(declaration !== undefined, type);
    return [...declaration.matchAll(/'([\w-]+)'/g)].map(([, name = '']) => name);
  });
}

const TIME_TROUBLES = membersOf('collectors/snmp/usm/engines/engine-time.ts', ['TimeTrouble']);
const BER_FAILURES = membersOf('collectors/snmp/ber/ber-reader.ts', ['BerFailure']);

test('docs/snmp.md explains every column of snmp_traps, and no others', () => {
  const names = SNMP_TRAPS.columns.map(({ name }) => name);
  assert.deepEqual(firstCells(section('## What is stored')).sort(), [...names].sort());
});

test('docs/snmp.md explains every flag, and no others', () => {
  const flags = [
    ...membersOf('collectors/snmp/row/notification.ts', ['NotificationFlag']),
    ...TIME_TROUBLES,
    'engine-time-range',
  ];
  assert.ok(read('collectors/snmp/usm/usm-processor.ts').includes("flags.push('engine-time-range')"));
  assert.deepEqual(withoutHead(section('### Flags')).sort(), flags.sort());
});

test('docs/snmp.md explains every reason for which a datagram is not decoded, and no others', () => {
  const reasons = [
    ...BER_FAILURES,
    ...membersOf('collectors/snmp/message/envelope.ts', ['EnvelopeFailure']),
    ...membersOf('collectors/snmp/trouble.ts', ['UndecodableReason']),
  ];
  assert.deepEqual(withoutHead(section('### Reasons')).sort(), reasons.sort());
});

test('docs/snmp.md explains every reason for which a sender is not heard, and no others', () => {
  const reasons = [
    ...membersOf('collectors/snmp/trouble.ts', ['RefusedReason']),
    ...membersOf('collectors/snmp/usm/refusal.ts', ['RefusalReason']),
    ...TIME_TROUBLES,
  ];
  const counted = section('## What is counted where');
  const table = counted.slice(counted.indexOf('| reason |'));
  assert.deepEqual(firstCells(table).sort(), [...new Set(reasons)].sort());
});

test('docs/snmp.md lists every algorithm', () => {
  const cells = firstCells(section('## Versions and security'));
  assert.deepEqual(cells.sort(), [...AUTH_PROTOCOLS, ...PRIVACY_PROTOCOLS].sort());
});

test('the metrics that docs/snmp.md names are exposed, and all of traps are named', () => {
  const sources = globSync('src/collector/metrics/*.ts', { cwd: ROOT }).map(read);
  const named = new Set([...DOCUMENT.matchAll(/`dogwatch_(\w+)`/g)].map(([, name = '']) => name));
  assert.deepEqual(
    [...named].filter((name) => !sources.some((source) => source.includes(`'${name}'`))),
    [],
  );
  const exposed = [...read('src/collector/metrics/snmp-metrics.ts').matchAll(/'(snmp_\w+)'/g)];
  const missing = exposed.map(([, name = '']) => name).filter((name) => !named.has(name));
  assert.deepEqual(
    missing.filter((name) => !name.startsWith('snmp_poll')),
    [],
  );
});

for (const [index, [, mark, yaml = '']] of [
  ...DOCUMENT.matchAll(/^(<!-- credentials -->\n)?```yaml\n(.*?)^```/gms),
].entries()) {
  if (mark === undefined) {
    test(`example ${index + 1} of docs/snmp.md is a configuration that can be loaded`, (context) => {
      const { directory } = writeExample(context, 'dogwatch.yaml', yaml);
      assert.ok(loadConfig({ directory, environment: {}, machine: MACHINE }).sources.file?.endsWith('dogwatch.yaml'));
    });
  } else {
    test(`example ${index + 1} of docs/snmp.md is a credentials file that can be used`, (context) => {
      const { users } = readSnmpCredentials(writeExample(context, 'snmp-credentials.yaml', yaml).file);
      assert.equal([...new UserTable(users).all].length, users.length);
    });
  }
}

/** Without the heading of the column itself. */
function withoutHead(text: string): string[] {
  const [, ...cells] = firstCells(text);
  return cells;
}

function writeExample(context: TestContext, name: string, yaml: string) {
  const directory = mkdtempSync(join(tmpdir(), 'dogwatch-docs-'));
  context.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, name);
  writeFileSync(file, yaml);
  return { directory, file };
}
