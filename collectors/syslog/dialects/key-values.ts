import { BACKSLASH, EQUALS, QUOTE, SPACE, isNameCharacter, codeAt } from '../characters.ts';
import type { KeyValues } from '../message.ts';

const APOSTROPHE = 0x27;
const maxPairs = 512;

/** Whether the value that `endOfQuoted` went through last holds a backslash: asking each value again would cost more than finding it. */
let hasEscape = false;

/**
 * The `key=value` pairs from `at` on, divided by `separator` (a character code); values may stand in quotes.
 * Words that are no pairs are passed over. Undefined where there is no pair at all.
 * Faster on a whole text than on a slice of one.
 */
export function readKeyValues(text: string, at: number, separator: number): KeyValues | undefined {
  const pairs: KeyValues = [];
  let position = at;
  while (position < text.length && pairs.length < maxPairs * 2) {
    const keyEnd = endOfKey(text, position);
    if (keyEnd === position || codeAt(text, keyEnd) !== EQUALS) {
      position = afterStrange(text, position, keyEnd, separator);
      continue;
    }
    const key = text.slice(position, keyEnd);
    const quote = codeAt(text, keyEnd + 1);
    const close = quote === QUOTE || quote === APOSTROPHE ? endOfQuoted(text, keyEnd + 2, quote) : -1;
    if (close >= 0) {
      const value = text.slice(keyEnd + 2, close);
      pairs.push(key, hasEscape ? unescapeQuotes(value) : value);
      position = close + 1;
    } else {
      position = endOfValue(text, keyEnd + 1, separator);
      pairs.push(key, text.slice(keyEnd + 1, position));
    }
  }
  return pairs.length === 0 ? undefined : pairs;
}

/** The position behind a separator, or behind a word that is no pair. */
function afterStrange(text: string, at: number, keyEnd: number, separator: number): number {
  const code = codeAt(text, at);
  if (code === separator || code === SPACE) return at + 1;
  return endOfValue(text, Math.max(keyEnd, at + 1), separator);
}

/** The first value of a key, or undefined. */
export function valueOf(pairs: KeyValues, key: string): string | undefined {
  for (let index = 0; index < pairs.length; index += 2) if (pairs[index] === key) return pairs[index + 1];
  return undefined;
}

/** Where a key ends that starts at `at`; behind it stands `=` if it is one. */
export function endOfKey(text: string, at: number): number {
  let position = at;
  while (position < text.length && isNameCharacter(text.charCodeAt(position))) position++;
  return position;
}

function endOfValue(text: string, at: number, separator: number): number {
  let position = at;
  while (position < text.length && text.charCodeAt(position) !== separator) position++;
  return position;
}

/** The position of the closing quote, or -1. */
function endOfQuoted(text: string, at: number, quote: number): number {
  hasEscape = false;
  for (let position = at; position < text.length; position++) {
    const code = text.charCodeAt(position);
    if (code === quote) return position;
    if (code === BACKSLASH) {
      hasEscape = true;
      if (codeAt(text, position + 1) === quote && endsPair(text, position + 2)) return position + 1;
      position++;
    }
  }
  return -1;
}

/** A Windows path may end in a backslash right before the closing quote: then the end, or another pair, follows. */
function endsPair(text: string, at: number): boolean {
  if (at >= text.length) return true;
  const keyEnd = endOfKey(text, at + 1);
  return codeAt(text, at) === SPACE && keyEnd > at + 1 && codeAt(text, keyEnd) === EQUALS;
}

function unescapeQuotes(value: string): string {
  return value.replace(/\\(["'\\])/g, '$1');
}
