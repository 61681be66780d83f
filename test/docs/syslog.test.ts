import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SYSLOG_MESSAGES } from '../../collectors/syslog/tables.ts';
import { RULE_ACTIONS } from '../../collectors/syslog/filter/rule-settings.ts';
import { loadConfig } from '../../src/config/load.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DOCUMENT = readFileSync(join(ROOT, 'docs/syslog.md'), 'utf8');
const MACHINE = { hostname: 'localhost', stateDirectory: '/var/lib/dogwatch', privilegedPorts: true };

/** What stands in backticks in the first column of the tables below a heading. */
function firstCells(heading: string): string[] {
  const from = DOCUMENT.indexOf(`\n${heading}\n`);
  assert.ok(from >= 0, heading);
  const end = DOCUMENT.slice(from + 1).search(/\n#{1,3} /);
  const section = end < 0 ? DOCUMENT.slice(from) : DOCUMENT.slice(from, from + 1 + end);
  const cells = [...section.matchAll(/^\| ([^|]*) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

test('docs/syslog.md explains every column of syslog_messages, and no others', () => {
  const names = SYSLOG_MESSAGES.columns.map(({ name }) => name);
  const reasons = reasonsOfParser();
  const explained = firstCells('## Messages').filter((cell) => !reasons.includes(cell) && cell !== 'reason');
  assert.deepEqual([...explained, 'reason'].sort(), [...names].sort());
});

test('docs/syslog.md explains every reason for which a message is not read', () => {
  const cells = firstCells('## Messages');
  for (const reason of reasonsOfParser()) assert.ok(cells.includes(reason), reason);
});

test('docs/syslog.md lists every dialect, and no others', () => {
  const dialects = constantsAfter('collectors/syslog/dialects/*.ts', /(?:\.recognise\(|\.dialect = )([A-Z]\w+)/g);
  assert.ok(dialects.length > 10);
  // The first column may have two in a cell; of the heading it is the column's own name.
  assert.deepEqual(
    firstCells('### Dialects')
      .filter((cell) => cell !== 'dialect')
      .sort(),
    dialects.sort(),
  );
});

test('docs/syslog.md explains every action and condition of rules', () => {
  const cells = firstCells('## Rules');
  for (const action of RULE_ACTIONS) assert.ok(cells.includes(action), action);
  const source = readFileSync(join(ROOT, 'src/config/schema/syslog.ts'), 'utf8');
  const settings = [
    ...(/const rule = z\.strictObject\(\{(.*?)\n\}\);/s.exec(source)?.[1] ?? '').matchAll(/^ {2}(\w+):/gm),
  ];
  assert.ok(settings.length > 10);
  for (const [, setting = ''] of settings) assert.ok(DOCUMENT.includes(setting), setting);
});

test('the metrics that docs/syslog.md names are exposed', () => {
  const sources = globSync('src/collector/metrics/*.ts', { cwd: ROOT }).map((file) =>
    readFileSync(join(ROOT, file), 'utf8'),
  );
  const named = [...DOCUMENT.matchAll(/`dogwatch_(\w+)`/g)].map(([, name = '']) => name);
  assert.ok(named.length > 10);
  assert.deepEqual(
    named.filter((name) => !sources.some((source) => source.includes(`'${name}'`))),
    [],
  );
});

for (const [index, [, yaml = '']] of [...DOCUMENT.matchAll(/^```yaml\n(.*?)^```/gms)].entries()) {
  test(`example ${index + 1} of docs/syslog.md is a configuration that can be loaded`, (context) => {
    const directory = mkdtempSync(join(tmpdir(), 'dogwatch-docs-'));
    context.after(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'dogwatch.yaml'), yaml);
    const { sources } = loadConfig({ directory, environment: {}, machine: MACHINE });
    assert.equal(basename(sources.file ?? ''), 'dogwatch.yaml');
  });
}

/** As the parser's source has them. */
function reasonsOfParser(): string[] {
  const reasons = constantsAfter('collectors/syslog/**/*.ts', /\.reason (?:\?\?)?= ([A-Z]\w+)/g);
  assert.ok(reasons.length > 3);
  return reasons;
}

/** The texts of the constants that an expression finds in source files, each once. */
function constantsAfter(files: string, usage: RegExp): string[] {
  const sources = globSync(files, { cwd: ROOT }).map((file) => readFileSync(join(ROOT, file), 'utf8'));
  const texts = (source: string, name: string) => new RegExp(`const ${name} = fixed\\('([^']+)'\\)`).exec(source)?.[1];
  const found = sources.flatMap((source) =>
    [...source.matchAll(usage)].map(([, name = '']) => {
      const text = texts(source, name) ?? sources.map((other) => texts(other, name)).find((each) => each !== undefined);
      assert.ok(text !== undefined, `${name} has a text`);
      return text;
    }),
  );
  return [...new Set(found)];
}
