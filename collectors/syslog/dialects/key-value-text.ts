import { COMMA, PIPE, SPACE, TAB, codeAt } from '../characters.ts';
import type { Arrival, KeyValues, SyslogMessage } from '../message.ts';
import { takeCheckPoint } from './check-point.ts';
import { takeDeviceTime } from './device-time.ts';
import { takeF5 } from './f5.ts';
import { takeFortinet } from './fortinet.ts';
import { readKeyValues, valueOf } from './key-values.ts';
import { takeSonicWall } from './sonicwall.ts';

const SEMICOLON = 0x3b;

/**
 * Text that is `key=value` from its first word on, whoever sent it; the divider is the one behind the first value.
 * The pairs are read once, and then each maker is asked whether they are its own.
 */
export function readKeyValueText(message: SyslogMessage, whole: string, arrival: Arrival): boolean {
  const at = whole.length - message.text.length;
  const fields = readKeyValues(whole, at, dividerOf(whole, at));
  if (fields === undefined || fields.length < 4) return false;
  message.fields = fields;
  return (
    takeCheckPoint(message, fields, arrival) ||
    takeFortinet(message, fields, arrival) ||
    takeSonicWall(message, fields, arrival) ||
    takeF5(message, fields) ||
    takeAny(message, fields, arrival)
  );
}

function takeAny(message: SyslogMessage, fields: KeyValues, arrival: Arrival): boolean {
  message.dialect = 'key-value';
  message.vendor = valueOf(fields, 'vendor')?.toLowerCase();
  if (message.timestampMicros === undefined) takeDeviceTime(message, valueOf(fields, 'time') ?? '', arrival);
  return true;
}

function dividerOf(text: string, at: number): number {
  const limit = Math.min(text.length, at + 512);
  for (let position = at; position < limit; position++) {
    const code = codeAt(text, position);
    if (code === SPACE || code === COMMA || code === PIPE || code === TAB || code === SEMICOLON) return code;
  }
  return SPACE;
}
