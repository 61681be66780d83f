import { CLOSE_BRACE } from '../characters.ts';
import type { Arrival } from '../message.ts';
import { fixed, hashOf } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { takeDeviceTime, takeTimeOfField } from './device-time.ts';

const JSON_TEXT = fixed('json');
const maxLength = 262_144;
const timeKeys = ['timestamp', '@timestamp', 'timeStamp', 'Timestamp', 'LogTimestamp', 'EventTime', 'CreationTime'].map(
  fixed,
);
/** How far into broken JSON its time is looked for. */
const furthestTime = 1024;

/** A JSON object in place of the text: its keys become fields, what is nested stays JSON. */
export function readJson(message: ParsedMessage, arrival: Arrival): boolean {
  const object = parseObject(message);
  const needsTime = !message.hasTime || message.yearGuessed;
  if (object === undefined) {
    if (needsTime) takeTimeOfBrokenJson(message, arrival);
    return false;
  }
  message.dialect = JSON_TEXT;
  for (const [key, value] of Object.entries<unknown>({ ...object })) {
    if (value === null) continue;
    if (!addValue(message, storable(key), storable(typeof value === 'string' ? value : asText(value)))) break;
  }
  // A header of RFC 5424 has a whole time; that of RFC 3164 has neither year nor zone nor fractions.
  for (const key of needsTime ? timeKeys : []) {
    if (takeTimeOfField(message, message.fields.find(message.bytes, key), arrival)) break;
  }
  return true;
}

/** False where there is no room for more. */
function addValue(message: ParsedMessage, keyText: string, valueText: string): boolean {
  const key = message.deriveText(keyText);
  const value = key === undefined ? undefined : message.deriveText(valueText);
  if (key === undefined || value === undefined) return false;
  return message.addPair(key.start, key.end, value.start, value.end, hashOf(message.bytes, key.start, key.end));
}

function parseObject(message: ParsedMessage): object | undefined {
  const { textStart, end } = message;
  if (end - textStart > maxLength || message.bytes[end - 1] !== CLOSE_BRACE) return undefined;
  try {
    const value: unknown = JSON.parse(message.utf8(textStart, end));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Senders that write their own JSON forget a comma here and there; their time is found all the same. */
function takeTimeOfBrokenJson(message: ParsedMessage, arrival: Arrival): void {
  const { textStart, end } = message;
  const start = message.latin1(textStart, Math.min(end, textStart + furthestTime));
  for (const key of timeKeys) {
    const at = start.indexOf(`"${key.text}"`);
    const open = at < 0 ? -1 : start.indexOf('"', at + key.text.length + 2);
    const close = open < 0 ? -1 : start.indexOf('"', open + 1);
    if (close >= 0 && takeDeviceTime(message, textStart + open + 1, textStart + close, arrival)) return;
  }
}

/** JSON can escape what PostgreSQL's text cannot hold: NUL, and half a surrogate pair. */
function storable(value: string): string {
  return value.replaceAll('\0', '\uFFFD').toWellFormed();
}

/** Deep nesting can exhaust the stack of the writer, though not of the reader. */
function asText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
