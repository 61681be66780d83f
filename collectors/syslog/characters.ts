export const NUL = 0x00;
export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const PERCENT = 0x25;
export const ASTERISK = 0x2a;
export const PLUS = 0x2b;
export const COMMA = 0x2c;
export const MINUS = 0x2d;
export const DOT = 0x2e;
export const SLASH = 0x2f;
export const ZERO = 0x30;
export const NINE = 0x39;
export const COLON = 0x3a;
export const LESS = 0x3c;
export const EQUALS = 0x3d;
export const GREATER = 0x3e;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const PIPE = 0x7c;

/**
 * The code at a position, or -1 outside of the text. Not `charCodeAt` itself: a call that once read past the end
 * is never inlined again, and was measured to be three times as slow from then on. Loops up to the length need no guard.
 */
export function codeAt(text: string, at: number): number {
  return at >= 0 && at < text.length ? text.charCodeAt(at) : -1;
}

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

const nameCharacters = new Uint8Array(128);
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.') {
  nameCharacters[character.charCodeAt(0)] = 1;
}

/** Letters, digits, `_`, `-` and `.`: what names of keys, tags and hosts are made of. False past the end. */
export function isNameCharacter(code: number): boolean {
  return code >= 0 && code < 128 && nameCharacters[code] === 1;
}

/** The first position from `at` that is not a space. */
export function skipSpaces(text: string, at: number): number {
  let position = at;
  while (codeAt(text, position) === SPACE) position++;
  return position;
}

/** Where the word that starts at `at` ends: at a space, a tab, or the end. */
export function endOfWord(text: string, at: number): number {
  let position = at;
  for (; position < text.length; position++) {
    const code = codeAt(text, position);
    if (code === SPACE || code === TAB) break;
  }
  return position;
}

/** The number that `count` digits at `at` write, or -1. */
export function readDigits(text: string, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index++) {
    const code = codeAt(text, index);
    if (!isDigit(code)) return -1;
    value = value * 10 + code - ZERO;
  }
  return value;
}
