import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ElementRegistry } from '../../collectors/flow/elements/registry.ts';
import { planRecord } from '../../collectors/flow/record/record-plan.ts';
import { FLOWS } from '../../collectors/flow/tables.ts';

const ROOT = new URL('../../', import.meta.url);
const DOCUMENT = readFileSync(new URL('docs/flows.md', ROOT), 'utf8');

/** The text below a heading, up to the next one of its level or above. */
function section(heading: string): string {
  const level = heading.indexOf(' ');
  const [, behind = ''] = DOCUMENT.split(`\n${heading}\n`);
  return behind.split(new RegExp(`^#{1,${level}} `, 'm'))[0] ?? '';
}

/** The cells of a Markdown table's rows, without its heading. */
function rows(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(1).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Elements as the document writes them: `10 ingressInterface`. */
function elementsIn(text: string): { id: number; name: string }[] {
  return [...text.matchAll(/\b(\d{1,3}) ([a-z]\w*[A-Z]\w*)\b/g)].map(([, id, name = '']) => ({ id: Number(id), name }));
}

test('docs/flows.md has a row for each column of flows, and no others', () => {
  const listed = rows(section('## Columns').split('\n### ')[0] ?? '').flatMap(([columns = '']) =>
    [...columns.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  const columns = FLOWS.columns.map(({ name }) => name);
  assert.deepEqual(new Set(listed), new Set(columns));
  assert.equal(listed.length, columns.length);
});

test('docs/flows.md calls every element by its name', () => {
  const registry = new ElementRegistry();
  const named = elementsIn(DOCUMENT);
  assert.ok(named.length > 70, `${named.length} elements`);
  const wrong = named.filter(({ id, name }) => registry.nameOf(0, id) !== name);
  assert.deepEqual(wrong, []);
});

test('the elements that docs/flows.md gives a column are taken out of extra by the decoder', () => {
  const registry = new ElementRegistry();
  const columns = rows(section('## Columns').split('\n### ')[0] ?? '');
  for (const { id, name } of columns.flatMap(([, from = '']) => elementsIn(from))) {
    const lengths = [1, 2, 4, 8, 16];
    const roles = lengths.flatMap((length) => [...planRecord([{ pen: 0, id, length }], registry).roles.keys()]);
    // Type and code of ICMP make a column only together.
    if (![176, 177, 178, 179].includes(id)) assert.ok(roles.length > 0, `${id} ${name}`);
  }
});

test('docs/flows.md explains every reason for which a datagram cannot be decoded, and no others', () => {
  const source = readFileSync(new URL('collectors/flow/decode-trouble.ts', ROOT), 'utf8');
  const reasons = [...source.matchAll(/^ {2}\| '(\w+)'/gm)].map(([, reason]) => reason);
  assert.ok(reasons.length > 5);
  const explained = rows(section('## Decode errors')).map(([reason = '']) => reason.replaceAll('`', ''));
  assert.deepEqual(
    explained.filter((cell) => /^[a-z_]+$/.test(cell) && cell !== 'reason'),
    reasons,
  );
});
