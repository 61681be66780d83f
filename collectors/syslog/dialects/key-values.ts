import { BACKSLASH, EQUALS, QUOTE, SPACE, isNameCharacter } from '../characters.ts';
import type { KeyValues } from '../message.ts';

const APOSTROPHE = 0x27;
const maxPairs = 512;

/**
 * The `key=value` pairs from `at` on, divided by `separator` (a character code); values may stand in quotes.
 * Words that are no pairs are passed over. Undefined where there is no pair at all.
 */
export function readKeyValues(text: string, at: number, separator: number): KeyValues | undefined {
  const pairs: KeyValues = [];
  let position = at;
  while (position < text.length && pairs.length < maxPairs * 2) {
    const code = text.charCodeAt(position);
    if (code === separator || code === SPACE) {
      position++;
      continue;
    }
    const keyEnd = endOfKey(text, position);
    if (text.charCodeAt(keyEnd) !== EQUALS || keyEnd === position) {
      position = endOfValue(text, Math.max(keyEnd, position + 1), separator);
      continue;
    }
    const key = text.slice(position, keyEnd);
    const quote = text.charCodeAt(keyEnd + 1);
    if (quote === QUOTE || quote === APOSTROPHE) {
      const close = endOfQuoted(text, keyEnd + 2, quote);
      if (close >= 0) {
        pairs.push(key, unescapeQuotes(text.slice(keyEnd + 2, close)));
        position = close + 1;
        continue;
      }
    }
    position = endOfValue(text, keyEnd + 1, separator);
    pairs.push(key, text.slice(keyEnd + 1, position));
  }
  return pairs.length === 0 ? undefined : pairs;
}

/** The last value of a key, or undefined. */
export function valueOf(pairs: KeyValues, key: string): string | undefined {
  for (let index = pairs.length - 2; index >= 0; index -= 2) if (pairs[index] === key) return pairs[index + 1];
  return undefined;
}

/** Where a key ends that starts at `at`; behind it stands `=` if it is one. */
export function endOfKey(text: string, at: number): number {
  let position = at;
  while (isNameCharacter(text.charCodeAt(position))) position++;
  return position;
}

function endOfValue(text: string, at: number, separator: number): number {
  let position = at;
  while (position < text.length && text.charCodeAt(position) !== separator) position++;
  return position;
}

/** The position of the closing quote, or -1. */
function endOfQuoted(text: string, at: number, quote: number): number {
  for (let position = at; position < text.length; position++) {
    const code = text.charCodeAt(position);
    if (code === quote) return position;
    if (code === BACKSLASH) {
      if (text.charCodeAt(position + 1) === quote && endsPair(text, position + 2)) return position + 1;
      position++;
    }
  }
  return -1;
}

/** A Windows path may end in a backslash right before the closing quote: then the end, or another pair, follows. */
function endsPair(text: string, at: number): boolean {
  if (at >= text.length) return true;
  const keyEnd = endOfKey(text, at + 1);
  return text.charCodeAt(at) === SPACE && keyEnd > at + 1 && text.charCodeAt(keyEnd) === EQUALS;
}

function unescapeQuotes(value: string): string {
  return value.includes('\\') ? value.replace(/\\(["'\\])/g, '$1') : value;
}
