export const NUL = 0x00;
export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const PERCENT = 0x25;
export const APOSTROPHE = 0x27;
export const OPEN_PARENTHESIS = 0x28;
export const ASTERISK = 0x2a;
export const PLUS = 0x2b;
export const COMMA = 0x2c;
export const MINUS = 0x2d;
export const DOT = 0x2e;
export const SLASH = 0x2f;
export const ZERO = 0x30;
export const NINE = 0x39;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const LESS = 0x3c;
export const EQUALS = 0x3d;
export const GREATER = 0x3e;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const UNDERSCORE = 0x5f;
export const OPEN_BRACE = 0x7b;
export const PIPE = 0x7c;
export const CLOSE_BRACE = 0x7d;

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** ASCII letters only. */
export function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

export function isUpper(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

const nameCharacters = new Uint8Array(256);
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.') {
  nameCharacters[character.charCodeAt(0)] = 1;
}

/** Letters, digits, `_`, `-` and `.`: what names of keys, tags and hosts are made of. */
export function isNameCharacter(code: number): boolean {
  return nameCharacters[code] === 1;
}

/** Whether a byte order mark in UTF-8 stands at `at`. */
export function isByteOrderMark(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf;
}

/** Behind the character at `at`, however many bytes it has. */
export function behindCharacter(bytes: Buffer, at: number): number {
  return nextCharacter(bytes, at + 1);
}

/** The first position from `at` on that is not in the middle of a character: what is cut off elsewhere is no UTF-8. */
export function nextCharacter(bytes: Buffer, at: number): number {
  let position = at;
  while ((bytes[position]! & 0xc0) === 0x80) position++;
  return position;
}

/** The first position from `at` that is not a space. */
export function skipSpaces(bytes: Buffer, at: number): number {
  let position = at;
  while (bytes[position] === SPACE) position++;
  return position;
}

/** Where the word that starts at `at` ends: at a space, a tab, or the end. */
export function endOfWord(bytes: Buffer, at: number): number {
  let position = at;
  for (; ; position++) {
    const code = bytes[position]!;
    if (code === SPACE || code === TAB || code === NUL) return position;
  }
}

/** The first `code` from `at` on and before `end`, or -1. A loop: what is looked for is near, and a call of the runtime is not. */
export function findCode(bytes: Buffer, code: number, at: number, end: number): number {
  for (let position = at; position < end; position++) if (bytes[position] === code) return position;
  return -1;
}

/** The number that `count` digits at `at` write, or -1. */
export function readDigits(bytes: Buffer, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index++) {
    const code = bytes[index]!;
    if (!isDigit(code)) return -1;
    value = value * 10 + code - ZERO;
  }
  return value;
}
