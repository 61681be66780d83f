import { BACKSLASH, COLON, COMMA, QUOTE, ZERO } from '../characters.ts';
import type { Pairs } from '../message/pairs.ts';

const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const LOWER_U = 0x75;
const HEX = Buffer.from('0123456789abcdef');
/** A control character becomes six: `\u001f`. */
const LONGEST_ESCAPE = 6;
/** Quotes, colon, comma, brackets around a key and a value, and the brackets that are still to be closed behind them. */
const AROUND_PAIR = 16;

/** What JSON strings hold as it is: all but control characters, quote and backslash. UTF-8 stays UTF-8. */
const plain = new Uint8Array(256).fill(1, 0x20);
plain[QUOTE] = 0;
plain[BACKSLASH] = 0;

/**
 * Writes `"key":"value"` of the pairs from one on up to another, divided by commas, into `out`; a key that comes twice gets an
 * array of its values in order. `bytes` are UTF-8 without NUL. Gives the position behind, negated where there was no room up to
 * `limit` for all: the rest is left out.
 */
export function writePairs(
  bytes: Buffer,
  pairs: Pairs,
  from: number,
  to: number,
  out: Buffer,
  at: number,
  limit: number,
): number {
  const hasRepeated = pairs.linkRepeated(bytes, from, to);
  let next = at;
  for (let index = from; index < to; index++) {
    if (hasRepeated && pairs.isRepeated(index)) continue;
    const keyStart = pairs.keyStart(index);
    const keyEnd = pairs.keyEnd(index);
    const valueStart = pairs.valueStart(index);
    const valueEnd = pairs.valueEnd(index);
    const room = LONGEST_ESCAPE * (keyEnd - keyStart + valueEnd - valueStart);
    if (next + room + AROUND_PAIR > limit) return -next;
    if (next > at) out[next++] = COMMA;
    next = writeString(bytes, keyStart, keyEnd, out, next);
    out[next++] = COLON;
    if (hasRepeated && pairs.nextOfKey(index) >= 0) {
      next = writeValues(bytes, pairs, index, out, next, limit);
      if (next < 0) return next;
    } else next = writeString(bytes, valueStart, valueEnd, out, next);
  }
  return next;
}

/** The array of all values of a key; the position behind is negated where there was no room for all. */
function writeValues(bytes: Buffer, pairs: Pairs, first: number, out: Buffer, at: number, limit: number): number {
  let next = at;
  let isWhole = true;
  out[next++] = OPEN_ARRAY;
  for (let index = first; index >= 0; index = pairs.nextOfKey(index)) {
    const room = LONGEST_ESCAPE * (pairs.valueEnd(index) - pairs.valueStart(index));
    if (next + room + AROUND_PAIR > limit) {
      isWhole = false;
      break;
    }
    if (index !== first) out[next++] = COMMA;
    next = writeString(bytes, pairs.valueStart(index), pairs.valueEnd(index), out, next);
  }
  out[next++] = CLOSE_ARRAY;
  return isWhole ? next : -next;
}

/** A JSON string; needs six bytes for each of its own, and two. */
export function writeString(bytes: Buffer, start: number, end: number, out: Buffer, at: number): number {
  let next = at;
  out[next++] = QUOTE;
  for (let index = start; index < end; index++) {
    const code = bytes[index]!;
    if (plain[code] === 1) out[next++] = code;
    else next = writeEscape(code, out, next);
  }
  out[next++] = QUOTE;
  return next;
}

function writeEscape(code: number, out: Buffer, at: number): number {
  out[at] = BACKSLASH;
  if (code === QUOTE || code === BACKSLASH) {
    out[at + 1] = code;
    return at + 2;
  }
  out[at + 1] = LOWER_U;
  out[at + 2] = ZERO;
  out[at + 3] = ZERO;
  out[at + 4] = HEX[code >> 4]!;
  out[at + 5] = HEX[code & 15]!;
  return at + 6;
}
