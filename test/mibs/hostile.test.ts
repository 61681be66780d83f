import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileTexts, compileTextsOn } from './compile.ts';

const GOOD = `X-MIB DEFINITIONS ::= BEGIN
IMPORTS enterprises FROM SNMPv2-SMI;
T ::= TEXTUAL-CONVENTION DISPLAY-HINT "1x:" STATUS current DESCRIPTION "a" SYNTAX OCTET STRING (SIZE (0..8))
x OBJECT IDENTIFIER ::= { enterprises 64993 }
y OBJECT-TYPE SYNTAX INTEGER { up(1), down(2) } INDEX { x } DEFVAL { { up } } ::= { x 1 }
n NOTIFICATION-TYPE OBJECTS { y } STATUS current DESCRIPTION "" ::= { x 2 }
END`;

test('a module cut short anywhere is read without throwing, and is never silently whole', () => {
  for (let length = 0; length < GOOD.length; length += 1) {
    const { findings } = compileTextsOn([], GOOD.slice(0, length));
    assert.ok(findings.length > 0, `cut at ${length}`);
  }
  assert.deepEqual(
    compileTexts(GOOD).findings.filter(({ severity }) => severity === 'error'),
    [],
  );
});

test('signs exchanged at random are read without throwing', () => {
  const signs = '{}()[];:=,.|-\'"\n 0aZ\u0000\u00ff';
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  for (let round = 0; round < 2000; round += 1) {
    const text = GOOD.split('');
    for (let change = 0; change < 4; change += 1) text[random(text.length)] = signs.charAt(random(signs.length));
    compileTextsOn([], text.join(''));
  }
});

test('depth, length and number without end are bounded', () => {
  const inModule = (body: string) => `X-MIB DEFINITIONS ::= BEGIN ${body} END`;
  const chain = Array.from({ length: 5000 }, (_, at) => `a${at} OBJECT IDENTIFIER ::= { a${at + 1} 1 }`).join('\n');
  const types = Array.from({ length: 5000 }, (_, at) => `T${at} ::= T${at + 1}`).join('\n');
  for (const body of [
    chain,
    types,
    `a OBJECT IDENTIFIER ::= { enterprises ${'1 '.repeat(100_000)} }`,
    `a OBJECT IDENTIFIER ::= { enterprises 99999999999999999999 }`,
    `a OBJECT-TYPE SYNTAX INTEGER { ${Array.from({ length: 50_000 }, (_, at) => `l${at}(${at})`).join(',')} } ::= { b 1 }`,
    `a OBJECT-TYPE SYNTAX INTEGER ${'('.repeat(100_000)} ::= { b 1 }`,
    `a OBJECT-TYPE DEFVAL ${'{ '.repeat(100_000)} ::= { b 1 }`,
    `a OBJECT-TYPE INDEX { ${'b, '.repeat(100_000)} } ::= { b 1 }`,
    `a OBJECT-TYPE SYNTAX INTEGER { __proto__(1), constructor(2) } ::= { enterprises 1 }`,
  ]) {
    const { findings, nodes } = compileTextsOn([], inModule(body));
    assert.ok(findings.length <= 200);
    for (const { oid } of nodes) assert.ok(oid.split('.').length <= 128);
  }
});
