import { BACKSLASH, CLOSE_BRACKET, COLON, PIPE, QUOTE, SPACE } from '../characters.ts';
import type { Arrival, KeyValues, SyslogMessage } from '../message.ts';
import { takeDeviceTime } from './device-time.ts';
import { endOfKey, readKeyValues, valueOf } from './key-values.ts';

const SEMICOLON = 0x3b;
const maxPairs = 512;

/** Log Exporter of Check Point: `time=…|hostname=…|…`, and what it calls syslog, `[action:"Drop"; flags:"278528"; …]`. */
export function readCheckPoint(message: SyslogMessage, arrival: Arrival): boolean {
  const text = message.text;
  const isPiped = text.startsWith('time=') && text.slice(0, 40).includes('|');
  const fields = isPiped ? readKeyValues(text, 0, PIPE) : readBracketed(text);
  if (fields === undefined) return false;
  message.dialect = 'check-point';
  message.vendor = 'check-point';
  message.fields = fields;
  message.hostname ??= valueOf(fields, 'hostname');
  // The brackets are structured data as this maker understands it.
  if (message.reason === 'structured-data') message.reason = undefined;
  if (message.timestampMicros === undefined) takeDeviceTime(message, valueOf(fields, 'time') ?? '', arrival);
  return true;
}

function readBracketed(text: string): KeyValues | undefined {
  const pairs: KeyValues = [];
  let position = 1;
  while (pairs.length < maxPairs * 2) {
    while (text.charCodeAt(position) === SPACE || text.charCodeAt(position) === SEMICOLON) position++;
    if (text.charCodeAt(position) === CLOSE_BRACKET) break;
    const keyEnd = endOfKey(text, position);
    if (keyEnd === position || text.charCodeAt(keyEnd) !== COLON || text.charCodeAt(keyEnd + 1) !== QUOTE)
      return undefined;
    let end = keyEnd + 2;
    while (end < text.length && text.charCodeAt(end) !== QUOTE) end += text.charCodeAt(end) === BACKSLASH ? 2 : 1;
    if (end >= text.length) return undefined;
    pairs.push(text.slice(position, keyEnd), text.slice(keyEnd + 2, end));
    position = end + 1;
  }
  return pairs;
}
