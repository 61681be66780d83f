import {
  BACKSLASH,
  CLOSE_BRACKET,
  EQUALS,
  NUL,
  OPEN_BRACKET,
  PIPE,
  SPACE,
  TAB,
  findCode,
  isNameCharacter,
} from '../characters.ts';
import type { Arrival } from '../message.ts';
import { type FixedText, fixed, hashOf, startsWith } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { takeTimeOfField } from './device-time.ts';

const CEF = fixed('cef');
const CEF_START = fixed('CEF:');
const headerKeys = ['deviceVendor', 'deviceProduct', 'deviceVersion', 'signatureId', 'name', 'severity'].map(fixed);
const VENDOR = 0;
const SIGNATURE = 3;
const DEVICE_HOST = fixed('dvchost');
const RECEIPT_TIME = fixed('rt');
const START = fixed('start');
const LOWER_N = 0x6e;
const LOWER_R = 0x72;
const LF = 0x0a;
const CR = 0x0d;

/** ArcSight's Common Event Format: `CEF:0|vendor|product|version|signature|name|severity|key=value key=value`. */
export function readCef(message: ParsedMessage, arrival: Arrival): boolean {
  const { bytes, fields, textStart } = message;
  if (!startsWith(bytes, textStart, CEF_START)) return false;
  const first = fields.count;
  let position = findCode(bytes, PIPE, textStart + 4, Math.min(message.end, textStart + 13));
  if (position < 0) return false;
  for (const key of headerKeys) {
    const end = endOfHeaderField(bytes, position + 1, message.end);
    if (end < 0) {
      fields.count = first;
      return false;
    }
    addValue(message, key.start, key.end, position + 1, end, key.hash);
    position = end;
  }
  message.dialect = CEF;
  message.setVendor(fields.valueStart(first + VENDOR), fields.valueEnd(first + VENDOR));
  message.setMnemonicOfField(first + SIGNATURE);
  readExtension(message, position + 1);
  message.forgiveStructuredData();
  message.setHostOfField(fields.find(message.bytes, DEVICE_HOST, first));
  if (!message.hasTime && !takeFirstTime(message, RECEIPT_TIME, arrival)) takeFirstTime(message, START, arrival);
  return true;
}

function takeFirstTime(message: ParsedMessage, key: FixedText, arrival: Arrival): boolean {
  return takeTimeOfField(message, message.fields.find(message.bytes, key), arrival);
}

function endOfHeaderField(bytes: Buffer, at: number, limit: number): number {
  for (let position = at; position < limit; position++) {
    const code = bytes[position];
    if (code === PIPE) return position;
    if (code === BACKSLASH) position++;
  }
  return -1;
}

/** A value runs up to the last space before the next `key=`: values hold spaces, keys do not. */
function readExtension(message: ParsedMessage, at: number): void {
  const { bytes, end } = message;
  let keyStart = at;
  let keyEnd = -1;
  let wordAt = at;
  let isName = true;
  for (let position = at; position < end; position++) {
    const code = bytes[position]!;
    if (code === SPACE) {
      wordAt = position + 1;
      isName = true;
    } else if (code === EQUALS && isName && position > wordAt) {
      if (keyEnd >= 0 && !addExtension(message, keyStart, keyEnd, trimmedEnd(bytes, keyEnd + 1, wordAt - 1))) return;
      keyStart = wordAt;
      keyEnd = position;
      isName = false;
    } else if (code === BACKSLASH) {
      position++;
      isName = false;
    } else if (!isNameCharacter(code) && code !== OPEN_BRACKET && code !== CLOSE_BRACKET) isName = false;
  }
  if (keyEnd >= 0) addExtension(message, keyStart, keyEnd, end);
}

function addExtension(message: ParsedMessage, keyStart: number, keyEnd: number, end: number): boolean {
  return addValue(message, keyStart, keyEnd, keyEnd + 1, end, hashOf(message.bytes, keyStart, keyEnd));
}

function trimmedEnd(bytes: Buffer, start: number, at: number): number {
  let end = Math.max(start, at);
  while (end > start && (bytes[end - 1] === SPACE || bytes[end - 1] === TAB)) end--;
  return end;
}

function addValue(
  message: ParsedMessage,
  keyStart: number,
  keyEnd: number,
  start: number,
  end: number,
  hash: number,
): boolean {
  if (findCode(message.bytes, BACKSLASH, start, end) < 0) return message.addPair(keyStart, keyEnd, start, end, hash);
  const valueStart = message.derive(end - start);
  if (valueStart < 0) return false;
  const { bytes } = message;
  let to = valueStart;
  for (let from = start; from < end; from++) {
    const escaped = bytes[from] === BACKSLASH && from + 1 < end ? unescaped(bytes[from + 1]!) : NUL;
    if (escaped !== NUL) from++;
    bytes[to++] = escaped === NUL ? bytes[from]! : escaped;
  }
  message.derived(to);
  return message.addPair(keyStart, keyEnd, valueStart, to, hash);
}

/** What a backslash before this character means, or NUL where it stands for itself. */
function unescaped(code: number): number {
  if (code === LOWER_N) return LF;
  if (code === LOWER_R) return CR;
  return code === PIPE || code === EQUALS || code === BACKSLASH ? code : NUL;
}
