import { EQUALS, PIPE, SPACE, TAB, findCode } from '../characters.ts';
import type { Arrival } from '../message.ts';
import { fixed, hashOf, startsWith } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { takeTimeOfField } from './device-time.ts';

const LEEF = fixed('leef');
const LEEF_START = fixed('LEEF:');
const TWO = 0x32;
/** Delimiters may be any character, so that they are texts and no codes. */
interface Span {
  readonly start: number;
  readonly end: number;
}
const TAB_TEXT: Span = fixed('\t');
const PIPE_TEXT: Span = fixed('|');
const headerKeys = ['deviceVendor', 'deviceProduct', 'deviceVersion', 'eventId'].map(fixed);
const VENDOR = 0;
const EVENT = 3;
const DEVICE_TIME = fixed('devTime');

/** IBM's Log Event Extended Format, 1.0 (tabs) and 2.0 (which names its delimiter, as a character or in hexadecimal). */
export function readLeef(message: ParsedMessage, arrival: Arrival): boolean {
  const { bytes, fields, textStart, end: limit } = message;
  if (!startsWith(bytes, textStart, LEEF_START)) return false;
  const first = fields.count;
  let position = findCode(bytes, PIPE, textStart, Math.min(limit, textStart + 13));
  if (position < 0) return false;
  for (const key of headerKeys) {
    const end = findCode(bytes, PIPE, position + 1, limit);
    if (end < 0) {
      fields.count = first;
      return false;
    }
    message.addField(key, position + 1, end);
    position = end;
  }
  let delimiter = TAB_TEXT;
  if (bytes[textStart + 5] === TWO) {
    const end = findCode(bytes, PIPE, position + 1, Math.min(limit, position + 7));
    if (end >= 0) {
      delimiter = readDelimiter(message, position + 1, end);
      position = end;
    }
  } else if (findCode(bytes, TAB, textStart, limit) < 0 && findCode(bytes, PIPE, position + 1, limit) > 0)
    delimiter = PIPE_TEXT;
  message.dialect = LEEF;
  message.setVendor(fields.valueStart(first + VENDOR), fields.valueEnd(first + VENDOR));
  message.setMnemonicOfField(first + EVENT);
  readAttributes(message, position + 1, delimiter);
  message.forgiveStructuredData();
  takeTimeOfField(message, fields.find(bytes, DEVICE_TIME, first), arrival);
  return true;
}

/** `^`, `0x5E`, `x5E`; nothing is a tab. */
function readDelimiter(message: ParsedMessage, start: number, end: number): Span {
  if (end === start) return TAB_TEXT;
  const hexadecimal = /^0?x([0-9a-fA-F]{2,4})$/.exec(message.latin1(start, end))?.[1];
  if (hexadecimal === undefined) return { start, end };
  return message.deriveText(String.fromCharCode(Number.parseInt(hexadecimal, 16))) ?? TAB_TEXT;
}

function readAttributes(message: ParsedMessage, at: number, delimiter: Span): void {
  const { bytes, end: limit } = message;
  let position = at;
  while (position < limit) {
    const end = findText(bytes, delimiter, position, limit);
    const equals = findCode(bytes, EQUALS, position, end);
    if (equals > position) {
      let keyStart = position;
      let keyEnd = equals;
      while (keyStart < keyEnd && bytes[keyStart]! <= SPACE) keyStart++;
      while (keyEnd > keyStart && bytes[keyEnd - 1]! <= SPACE) keyEnd--;
      if (!message.addPair(keyStart, keyEnd, equals + 1, end, hashOf(bytes, keyStart, keyEnd))) return;
    }
    position = end + delimiter.end - delimiter.start;
  }
}

/** Where the text stands next, or `limit`. */
function findText(bytes: Buffer, text: Span, at: number, limit: number): number {
  const first = bytes[text.start]!;
  const length = text.end - text.start;
  for (let position = at; position + length <= limit; position++) {
    if (bytes[position] !== first) continue;
    let same = 1;
    while (same < length && bytes[position + same] === bytes[text.start + same]) same++;
    if (same === length) return position;
  }
  return limit;
}
