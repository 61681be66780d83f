import { APOSTROPHE, BACKSLASH, EQUALS, QUOTE, SPACE, isNameCharacter } from '../characters.ts';
import { nextHash } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';

/** Whether the value that `endOfQuoted` went through last holds a backslash: asking each value again would cost more than finding it. */
let hasEscape = false;
/** The hash of the key that `endOfKey` went over last. */
let keyHash = 0;

/**
 * Adds the `key=value` pairs from `at` up to `end` to the fields, divided by `separator` (a character code); values may stand
 * in quotes. Words that are no pairs are passed over. Gives how many there were.
 */
export function readKeyValues(message: ParsedMessage, at: number, end: number, separator: number): number {
  const { bytes, fields } = message;
  const before = fields.count;
  let position = at;
  while (position < end) {
    const keyEnd = endOfKey(bytes, position);
    if (keyEnd === position || bytes[keyEnd] !== EQUALS || keyEnd >= end) {
      position = afterStrange(bytes, position, keyEnd, end, separator);
      continue;
    }
    position = readValue(message, position, keyEnd, end, separator);
    if (position < 0) break;
  }
  return fields.count - before;
}

/** The position behind the value, or -1 where there are too many fields. */
function readValue(message: ParsedMessage, keyStart: number, keyEnd: number, end: number, separator: number): number {
  const { bytes } = message;
  const hash = keyHash;
  const start = keyEnd + 1;
  const quote = bytes[start]!;
  const close = quote === QUOTE || quote === APOSTROPHE ? endOfQuoted(bytes, start + 1, end, quote) : -1;
  if (close < 0) {
    const valueEnd = endOfValue(bytes, start, end, separator);
    return message.addPair(keyStart, keyEnd, start, valueEnd, hash) ? valueEnd : -1;
  }
  const isAdded = hasEscape
    ? addUnescaped(message, keyStart, keyEnd, start + 1, close, hash)
    : message.addPair(keyStart, keyEnd, start + 1, close, hash);
  return isAdded ? close + 1 : -1;
}

/** The position behind a separator, or behind a word that is no pair. */
function afterStrange(bytes: Buffer, at: number, keyEnd: number, end: number, separator: number): number {
  const code = bytes[at];
  if (code === separator || code === SPACE) return at + 1;
  return endOfValue(bytes, Math.max(keyEnd, at + 1), end, separator);
}

/** Where a key ends that starts at `at`; behind it stands `=` if it is one. Its hash is `hashOfKey()` until the next call. */
export function endOfKey(bytes: Buffer, at: number): number {
  let hash = 0;
  let position = at;
  for (; ; position++) {
    const code = bytes[position]!;
    if (!isNameCharacter(code)) break;
    hash = nextHash(hash, code);
  }
  keyHash = hash;
  return position;
}

/** Of the key that `endOfKey` found last. */
export function hashOfKey(): number {
  return keyHash;
}

function endOfValue(bytes: Buffer, at: number, end: number, separator: number): number {
  let position = at;
  while (position < end && bytes[position] !== separator) position++;
  return position;
}

/** The position of the closing quote, or -1. */
function endOfQuoted(bytes: Buffer, at: number, end: number, quote: number): number {
  hasEscape = false;
  for (let position = at; position < end; position++) {
    const code = bytes[position];
    if (code === quote) return position;
    if (code === BACKSLASH) {
      hasEscape = true;
      if (bytes[position + 1] === quote && endsPair(bytes, position + 2, end)) return position + 1;
      position++;
    }
  }
  return -1;
}

/** A Windows path may end in a backslash right before the closing quote: then the end, or another pair, follows. */
function endsPair(bytes: Buffer, at: number, end: number): boolean {
  if (at >= end) return true;
  if (bytes[at] !== SPACE) return false;
  let keyEnd = at + 1;
  while (isNameCharacter(bytes[keyEnd]!)) keyEnd++;
  return keyEnd > at + 1 && bytes[keyEnd] === EQUALS;
}

/** Before a quote and before itself, a backslash is an escape. */
function addUnescaped(
  message: ParsedMessage,
  keyStart: number,
  keyEnd: number,
  start: number,
  end: number,
  hash: number,
): boolean {
  const valueStart = message.derive(end - start);
  if (valueStart < 0) return false;
  const { bytes } = message;
  let to = valueStart;
  for (let from = start; from < end; from++) {
    const next = bytes[from + 1];
    const isEscape = bytes[from] === BACKSLASH && (next === QUOTE || next === APOSTROPHE || next === BACKSLASH);
    if (isEscape && from + 1 < end) from++;
    bytes[to++] = bytes[from]!;
  }
  message.derived(to);
  return message.addPair(keyStart, keyEnd, valueStart, to, hash);
}
