import { COMMA, EQUALS, PIPE, SPACE, TAB } from '../characters.ts';
import type { Arrival, SyslogMessage } from '../message.ts';
import { takeDeviceTime } from './device-time.ts';
import { endOfKey, readKeyValues, valueOf } from './key-values.ts';

const SEMICOLON = 0x3b;

/** Text that is `key=value` from its first word on, whoever sent it; the divider is the one behind the first value. */
export function readGenericKeyValues(message: SyslogMessage, arrival: Arrival): boolean {
  const text = message.text;
  const keyEnd = endOfKey(text, 0);
  if (keyEnd === 0 || keyEnd > 64 || text.charCodeAt(keyEnd) !== EQUALS) return false;
  const fields = readKeyValues(text, 0, dividerOf(text, keyEnd + 1));
  if (fields === undefined || fields.length < 4) return false;
  message.dialect = 'key-value';
  message.fields = fields;
  message.vendor = valueOf(fields, 'vendor')?.toLowerCase();
  if (message.timestampMicros === undefined) takeDeviceTime(message, valueOf(fields, 'time') ?? '', arrival);
  return true;
}

function dividerOf(text: string, at: number): number {
  const limit = Math.min(text.length, at + 512);
  for (let position = at; position < limit; position++) {
    const code = text.charCodeAt(position);
    if (code === SPACE || code === COMMA || code === PIPE || code === TAB || code === SEMICOLON) return code;
  }
  return SPACE;
}
