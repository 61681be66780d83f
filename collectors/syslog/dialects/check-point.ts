import { BACKSLASH, CLOSE_BRACKET, COLON, QUOTE, SPACE, codeAt } from '../characters.ts';
import type { Arrival, KeyValues, SyslogMessage } from '../message.ts';
import { takeDeviceTime } from './device-time.ts';
import { endOfKey, valueOf } from './key-values.ts';

const SEMICOLON = 0x3b;
const maxPairs = 512;

/** What Check Point's Log Exporter calls syslog: `[action:"Drop"; flags:"278528"; …]` in place of structured data. */
export function readCheckPoint(message: SyslogMessage, arrival: Arrival): boolean {
  const fields = readBracketed(message.text);
  if (fields === undefined) return false;
  message.fields = fields;
  if (message.reason === 'structured-data') message.reason = undefined;
  takeValues(message, fields, arrival);
  return true;
}

/** The exporter's other format, `time=1772709753|hostname=…|product=…|…`. */
export function takeCheckPoint(message: SyslogMessage, fields: KeyValues, arrival: Arrival): boolean {
  if (fields[0] !== 'time' || (valueOf(fields, 'loguid') ?? valueOf(fields, 'product')) === undefined) return false;
  takeValues(message, fields, arrival);
  return true;
}

function takeValues(message: SyslogMessage, fields: KeyValues, arrival: Arrival): void {
  message.dialect = 'check-point';
  message.vendor = 'check-point';
  message.hostname ??= valueOf(fields, 'hostname');
  if (message.timestampMicros === undefined) takeDeviceTime(message, valueOf(fields, 'time') ?? '', arrival);
}

function readBracketed(text: string): KeyValues | undefined {
  const pairs: KeyValues = [];
  let position = 1;
  while (pairs.length < maxPairs * 2) {
    while (codeAt(text, position) === SPACE || codeAt(text, position) === SEMICOLON) position++;
    if (codeAt(text, position) === CLOSE_BRACKET) break;
    const keyEnd = endOfKey(text, position);
    if (keyEnd === position || codeAt(text, keyEnd) !== COLON || codeAt(text, keyEnd + 1) !== QUOTE) return undefined;
    let end = keyEnd + 2;
    while (end < text.length && codeAt(text, end) !== QUOTE) end += codeAt(text, end) === BACKSLASH ? 2 : 1;
    if (end >= text.length) return undefined;
    pairs.push(text.slice(position, keyEnd), text.slice(keyEnd + 2, end));
    position = end + 1;
  }
  return pairs;
}
