import { MibSyntaxError } from './finding.ts';

/** A lexical item of ASN.1 as MIB modules use it (RFC 2578 section 3). */
export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'bytes' | 'symbol';
  /** Of a text without its quotes, of `'00FF'H` the digits. */
  readonly text: string;
  readonly line: number;
}

/** A module of Cisco's entity types has 400,000; the bound is for what is no MIB at all. */
const MOST_TOKENS = 4_000_000;
/** Nothing reads the long texts (descriptions), so they are not kept. */
const LONGEST_TEXT = 256;

const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const HYPHEN = 0x2d;
const LINE_FEED = 0x0a;

/**
 * The tokens of a file. What cannot be a token is passed over: the parser says where that matters.
 * A comment reaches to the end of its line: ASN.1 lets a second `--` end it, but what devices' makers write
 * (rulers of hyphens, `-- old -- text`) means the whole line.
 * Where a quoted text does not end, or words are more than any MIB has, `error` says so and `tokens` are those before.
 */
export function tokenize(source: string): { tokens: Token[]; error?: MibSyntaxError } {
  const tokens: Token[] = [];
  let line = 1;
  let at = 0;
  while (at < source.length) {
    const code = source.charCodeAt(at);
    if (code === LINE_FEED) line += 1;
    if (code <= 0x20) {
      at += 1;
    } else if (code === HYPHEN && source.charCodeAt(at + 1) === HYPHEN) {
      at = endOfLine(source, at);
    } else {
      const end = endOfToken(source, at);
      if (end < 0) return { tokens, error: new MibSyntaxError(line, 'a quoted text that does not end') };
      const token = tokenOf(source, at, end, line);
      if (token !== undefined) tokens.push(token);
      if (tokens.length > MOST_TOKENS) {
        return { tokens, error: new MibSyntaxError(line, `more than ${MOST_TOKENS} words`) };
      }
      if (code === QUOTE) line += lineFeedsIn(source, at, end);
      at = end;
    }
  }
  return { tokens };
}

function tokenOf(source: string, start: number, end: number, line: number): Token | undefined {
  const code = source.charCodeAt(start);
  if (code === QUOTE) {
    return { kind: 'text', text: source.slice(start + 1, Math.min(end - 1, start + 1 + LONGEST_TEXT)), line };
  }
  if (code === APOSTROPHE && end > start + 1) return { kind: 'bytes', text: source.slice(start + 1, end - 2), line };
  const text = source.slice(start, end);
  if (isDigit(code)) return { kind: isNumber(text) ? 'number' : 'word', text, line };
  if (code === HYPHEN && end > start + 1) return { kind: 'number', text, line };
  if (isWordPart(code)) return { kind: 'word', text, line };
  return code < 0x7f ? { kind: 'symbol', text, line } : undefined;
}

/** Where the token that starts at `at` ends; -1 for a text that does not. */
function endOfToken(source: string, at: number): number {
  const code = source.charCodeAt(at);
  if (code === QUOTE) return endOfText(source, at);
  if (code === APOSTROPHE) return endOfBytes(source, at);
  if (isWordPart(code)) return endOfWord(source, at);
  if (code === HYPHEN && isDigit(source.charCodeAt(at + 1))) return endOfWord(source, at + 1);
  if (source.startsWith('::=', at)) return at + 3;
  if (source.startsWith('..', at)) return at + 2;
  return at + 1;
}

function endOfWord(source: string, start: number): number {
  let at = start;
  while (at < source.length) {
    const code = source.charCodeAt(at);
    // A comment may stand right behind a word.
    const comment = code === HYPHEN && source.charCodeAt(at + 1) === HYPHEN;
    if (comment || !(isWordPart(code) || code === HYPHEN)) break;
    at += 1;
  }
  return at;
}

function endOfText(source: string, start: number): number {
  const close = source.indexOf('"', start + 1);
  return close < 0 ? -1 : close + 1;
}

/** `'0101'B`, `'0AF'H`. A lone apostrophe is a sign that means nothing. */
function endOfBytes(source: string, start: number): number {
  let at = start + 1;
  while (isWordPart(source.charCodeAt(at)) || source.charCodeAt(at) === 0x20) at += 1;
  const suffix = source.charAt(at + 1).toUpperCase();
  const closed = source.charCodeAt(at) === APOSTROPHE && (suffix === 'H' || suffix === 'B');
  return closed ? at + 2 : start + 1;
}

function endOfLine(source: string, start: number): number {
  const end = source.indexOf('\n', start);
  return end < 0 ? source.length : end;
}

function lineFeedsIn(source: string, start: number, end: number): number {
  let count = 0;
  for (let at = source.indexOf('\n', start); at >= 0 && at < end; at = source.indexOf('\n', at + 1)) count += 1;
  return count;
}

function isNumber(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (!isDigit(text.charCodeAt(index))) return false;
  return true;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Letters, digits and, although no standard allows it, the underscore of many makers. */
function isWordPart(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f;
}
