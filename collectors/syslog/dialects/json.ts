import { codeAt } from '../characters.ts';
import type { Arrival, KeyValues, SyslogMessage } from '../message.ts';
import { takeDeviceTime } from './device-time.ts';
import { valueOf } from './key-values.ts';

const maxLength = 262_144;
const maxKeys = 512;
const timeKeys = ['timestamp', '@timestamp', 'timeStamp', 'Timestamp', 'LogTimestamp', 'EventTime', 'CreationTime'];

/** A JSON object in place of the text: its keys become fields, what is nested stays JSON. */
export function readJson(message: SyslogMessage, arrival: Arrival): boolean {
  const object = parseObject(message.text);
  const needsTime = message.timestampMicros === undefined || message.yearGuessed;
  if (object === undefined) {
    if (needsTime) takeTimeOfBrokenJson(message, arrival);
    return false;
  }
  const fields: KeyValues = [];
  for (const [key, value] of Object.entries<unknown>({ ...object }).slice(0, maxKeys)) {
    if (value !== null) fields.push(storable(key), storable(typeof value === 'string' ? value : asText(value)));
  }
  message.dialect = 'json';
  if (fields.length > 0) message.fields = fields;
  // A header of RFC 5424 has a whole time; that of RFC 3164 has neither year nor zone nor fractions.
  for (const key of needsTime ? timeKeys : []) {
    if (takeDeviceTime(message, valueOf(fields, key) ?? '', arrival)) break;
  }
  return true;
}

function parseObject(text: string): object | undefined {
  if (text.length > maxLength || codeAt(text, text.length - 1) !== 0x7d) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Senders that write their own JSON forget a comma here and there; their time is found all the same. */
function takeTimeOfBrokenJson(message: SyslogMessage, arrival: Arrival): void {
  const start = message.text.slice(0, 1024);
  for (const key of timeKeys) {
    const at = start.indexOf(`"${key}"`);
    const open = at < 0 ? -1 : start.indexOf('"', at + key.length + 2);
    const close = open < 0 ? -1 : start.indexOf('"', open + 1);
    if (close >= 0 && takeDeviceTime(message, start.slice(open + 1, close), arrival)) return;
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
