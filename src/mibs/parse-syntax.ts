import type { SyntaxText } from './module-text.ts';
import type { TokenReader } from './token-reader.ts';

/** IANAifType has 300; a table of events may have thousands. More is no enumeration. */
const MOST_LABELS = 20_000;

/**
 * What stands behind SYNTAX or `Type ::=`.
 * @throws MibSyntaxError
 */
export function parseSyntax(reader: TokenReader): SyntaxText {
  const { line } = reader;
  skipTag(reader);
  const type = parseTypeName(reader);
  if (type === 'SEQUENCE') skipBraces(reader);
  if (type === 'SEQUENCE OF') reader.expectKind('word', 'the name of a row type');
  const labels = type !== 'SEQUENCE' && reader.sees('{') ? parseLabels(reader) : undefined;
  const size = reader.sees('(') ? parseConstraint(reader) : undefined;
  return { type, line, ...(labels && { labels }), ...(size && { size }) };
}

/**
 * A TEXTUAL-CONVENTION from behind that word up to the end of its SYNTAX (RFC 2579 section 3).
 * @throws MibSyntaxError
 */
export function parseTextualConvention(reader: TokenReader): SyntaxText {
  let hint: string | undefined;
  while (!reader.takes('SYNTAX')) {
    if (reader.takes('DISPLAY-HINT')) hint = reader.expectKind('text', 'a quoted display hint').text;
    else if (!reader.takes('STATUS') && !reader.takes('DESCRIPTION') && !reader.takes('REFERENCE')) {
      throw reader.error('a clause of a TEXTUAL-CONVENTION');
    } else reader.next();
  }
  return { ...parseSyntax(reader), convention: true, ...(hint !== undefined && { hint }) };
}

/** `[APPLICATION 0] IMPLICIT`, of types made by tag. */
function skipTag(reader: TokenReader): void {
  if (reader.takes('[')) while (!reader.done && !reader.takes(']')) reader.next();
  if (!reader.takes('IMPLICIT')) reader.takes('EXPLICIT');
}

function parseTypeName(reader: TokenReader): string {
  if (reader.takes('OCTET', 'STRING')) return 'OCTET STRING';
  if (reader.takes('OBJECT', 'IDENTIFIER')) return 'OBJECT IDENTIFIER';
  if (reader.takes('SEQUENCE', 'OF')) return 'SEQUENCE OF';
  if (reader.sees('CHOICE')) {
    reader.next();
    skipBraces(reader);
    return 'CHOICE';
  }
  const name = reader.expectKind('word', 'a type').text;
  // `MODULE.Type`
  return reader.takes('.') ? reader.expectKind('word', 'a type').text : name;
}

function skipBraces(reader: TokenReader): void {
  reader.expect('{');
  for (let depth = 1; depth > 0;) {
    if (reader.done) throw reader.error('}');
    const { text, kind } = reader.next();
    if (kind === 'symbol') depth += text === '{' ? 1 : text === '}' ? -1 : 0;
  }
}

/** `{ up(1), down(2) }`. Makers forget commas, and leave one before the brace. */
function parseLabels(reader: TokenReader): Record<string, string> {
  const labels = new Map<string, string>();
  let count = 0;
  reader.expect('{');
  while (!reader.takes('}')) {
    if (reader.takes(',')) continue;
    const label = reader.peek().kind === 'number' ? reader.next() : reader.expectKind('word', 'a label');
    reader.expect('(');
    const number = reader.expectKind('number', 'the number of a label').text;
    reader.expect(')');
    count += 1;
    if (count > MOST_LABELS) throw reader.error(`at most ${MOST_LABELS} labels`);
    const key = String(Number(number));
    if (!labels.has(key)) labels.set(key, label.text);
  }
  return Object.fromEntries(labels);
}

/** `(SIZE (0..255))`, `(SIZE (4 | 16))`, `(0..65535)`: the least and the most octets, or undefined for a range of numbers. */
function parseConstraint(reader: TokenReader): readonly [number, number] | undefined {
  reader.expect('(');
  const ofSize = reader.takes('SIZE');
  const numbers: number[] = [];
  for (let depth = 1; depth > 0;) {
    if (reader.done) throw reader.error(')');
    const { text, kind } = reader.next();
    if (kind === 'number') numbers.push(Number(text));
    if (text === 'MAX') numbers.push(65_535);
    if (kind === 'symbol') depth += text === '(' ? 1 : text === ')' ? -1 : 0;
  }
  if (!ofSize || numbers.length === 0) return undefined;
  return [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))];
}
