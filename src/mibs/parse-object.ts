import type { ObjectText, OidText, SyntaxText } from './module-text.ts';
import { parseSyntax } from './parse-syntax.ts';
import type { TokenReader } from './token-reader.ts';

/** Macros whose only fact for us is the OID. */
const IDENTITIES = [
  'MODULE-IDENTITY',
  'OBJECT-IDENTITY',
  'OBJECT-GROUP',
  'NOTIFICATION-GROUP',
  'MODULE-COMPLIANCE',
  'AGENT-CAPABILITIES',
];
/** An OID has 128 arcs at most (RFC 2578 section 3.5). */
const MOST_ARCS = 128;
const MOST_NAMES = 10_000;

/** Whether an object's definition begins here: a name and the word for what it is. */
export function startsObject(reader: TokenReader): boolean {
  if (reader.peek().kind !== 'word') return false;
  const { kind, text } = reader.peek(1);
  if (kind !== 'word') return false;
  if (text === 'OBJECT') return reader.peek(2).text === 'IDENTIFIER' && reader.peek(3).text === '::=';
  return text === 'OBJECT-TYPE' || text === 'NOTIFICATION-TYPE' || text === 'TRAP-TYPE' || IDENTITIES.includes(text);
}

/**
 * One definition of an object, from its name to the end of its value.
 * @throws MibSyntaxError
 */
export function parseObject(reader: TokenReader): ObjectText {
  const { text: name, line } = reader.expectKind('word', 'a name');
  const head = { name, line };
  if (reader.takes('OBJECT-TYPE')) return parseObjectType(reader, head);
  if (reader.takes('NOTIFICATION-TYPE')) return parseNotificationType(reader, head);
  if (reader.takes('TRAP-TYPE')) return parseTrapType(reader, head);
  if (!reader.takes('OBJECT', 'IDENTIFIER')) {
    reader.next();
    skipToValue(reader);
  }
  return { ...head, macro: 'identity', oid: parseValue(reader) };
}

type Head = Pick<ObjectText, 'name' | 'line'>;
type Clauses = { -readonly [K in 'syntax' | 'index' | 'augments' | 'objects']?: ObjectText[K] };

function parseObjectType(reader: TokenReader, head: Head): ObjectText {
  const clauses: Clauses = {};
  while (!reader.sees('::=')) parseObjectClause(reader, clauses);
  return { ...head, macro: 'OBJECT-TYPE', ...clauses, oid: parseValue(reader) };
}

function parseObjectClause(reader: TokenReader, clauses: Clauses): void {
  const clause = reader.expectKind('word', 'a clause of an OBJECT-TYPE, or ::=').text;
  switch (clause) {
    case 'SYNTAX':
      clauses.syntax = parseSyntax(reader);
      return;
    case 'INDEX':
      clauses.index = parseIndex(reader);
      return;
    case 'AUGMENTS':
      clauses.augments = parseNames(reader)[0] ?? '';
      return;
    case 'DEFVAL':
      skipDefault(reader);
      return;
    case 'UNITS':
    case 'MAX-ACCESS':
    case 'ACCESS':
    case 'MIN-ACCESS':
    case 'STATUS':
    case 'DESCRIPTION':
    case 'REFERENCE':
      reader.next();
      return;
    default:
      reader.at -= 1;
      throw reader.error('a clause of an OBJECT-TYPE');
  }
}

function parseNotificationType(reader: TokenReader, head: Head): ObjectText {
  const objects = parseCarried(reader, 'OBJECTS');
  return { ...head, macro: 'NOTIFICATION-TYPE', objects, oid: parseValue(reader) };
}

/** RFC 1215. Its value is a number below the enterprise; RFC 3584 section 3 says what OID that makes. */
function parseTrapType(reader: TokenReader, head: Head): ObjectText {
  reader.expect('ENTERPRISE');
  const braced = reader.takes('{');
  const parent = reader.expectKind('word', 'the enterprise').text;
  if (braced) reader.expect('}');
  const objects = parseCarried(reader, 'VARIABLES');
  reader.expect('::=');
  const number = Number(reader.expectKind('number', 'the number of a trap').text);
  return { ...head, macro: 'TRAP-TYPE', objects, oid: { parent, arcs: [number] } };
}

/** The names behind `clause`, if it is there; goes on to `::=`. */
function parseCarried(reader: TokenReader, clause: string): string[] {
  let names: string[] = [];
  while (!reader.done && !reader.sees('::=') && !startsObject(reader)) {
    if (reader.takes(clause)) names = parseNames(reader);
    else reader.next();
  }
  return names;
}

function parseIndex(reader: TokenReader): NonNullable<ObjectText['index']> {
  const parts: { syntax: SyntaxText; implied: boolean }[] = [];
  reader.expect('{');
  while (!reader.takes('}')) {
    if (reader.takes(',')) continue;
    if (parts.length >= MOST_ARCS) throw reader.error(`at most ${MOST_ARCS} parts of an index`);
    const implied = reader.takes('IMPLIED');
    parts.push({ implied, syntax: parseSyntax(reader) });
  }
  return parts;
}

function parseNames(reader: TokenReader): string[] {
  const names: string[] = [];
  reader.expect('{');
  while (!reader.takes('}')) {
    if (reader.takes(',')) continue;
    if (names.length >= MOST_NAMES) throw reader.error(`at most ${MOST_NAMES} names`);
    const name = reader.expectKind('word', 'a name').text;
    names.push(reader.takes('.') ? reader.expectKind('word', 'a name').text : name);
  }
  return names;
}

function skipDefault(reader: TokenReader): void {
  reader.expect('{');
  for (let depth = 1; depth > 0;) {
    if (reader.done || reader.sees('::=')) throw reader.error('} behind DEFVAL');
    const { kind, text } = reader.next();
    if (kind === 'symbol') depth += text === '{' ? 1 : text === '}' ? -1 : 0;
  }
}

function skipToValue(reader: TokenReader): void {
  while (!reader.sees('::=')) {
    if (reader.done || startsObject(reader)) throw reader.error('::=');
    reader.next();
  }
}

/** `::= { parent 1 }`, `::= { iso org(3) dod(6) 1 }`, `::= { SNMPv2-SMI.enterprises 9 }`, `::= { 1 3 6 }`. */
function parseValue(reader: TokenReader): OidText {
  reader.expect('::=');
  reader.expect('{');
  let parent: string | undefined;
  const arcs: number[] = [];
  while (!reader.takes('}')) {
    if (arcs.length > MOST_ARCS) throw reader.error(`at most ${MOST_ARCS} arcs`);
    if (reader.peek().kind === 'number') {
      arcs.push(arcOf(reader));
      continue;
    }
    let name = reader.expectKind('word', 'a name or a number').text;
    if (reader.takes('.')) name = reader.expectKind('word', 'a name').text;
    if (reader.takes('(')) {
      arcs.push(arcOf(reader));
      reader.expect(')');
    } else if (parent === undefined && arcs.length === 0) parent = name;
    else throw reader.error('a number');
  }
  if (parent === undefined && arcs.length === 0) throw reader.error('the place of an object');
  return { parent, arcs };
}

function arcOf(reader: TokenReader): number {
  const arc = Number(reader.peek().text);
  if (!(Number.isInteger(arc) && arc >= 0 && arc <= 0xffff_ffff)) throw reader.error('an arc from 0 to 4294967295');
  reader.next();
  return arc;
}
