import { SPACE } from '../characters.ts';
import type { Arrival, SyslogMessage } from '../message.ts';
import { takeDeviceTime } from './device-time.ts';
import { readKeyValues, valueOf } from './key-values.ts';

/** JetDirect: `printer: text; time="2026-Mar-05 11:22 AM (UTC-00:00)" user="admin" …`. */
export function readHpPrinter(message: SyslogMessage, arrival: Arrival): boolean {
  if (message.appName !== 'printer' && message.appName !== 'scanner') return false;
  const at = message.text.indexOf('; time="');
  if (at < 0) return false;
  const fields = readKeyValues(message.text, at + 2, SPACE);
  if (fields === undefined) return false;
  message.dialect = 'hp-printer';
  message.vendor = 'hp';
  message.fields = fields;
  takeDeviceTime(message, (valueOf(fields, 'time') ?? '').replace(/[()]/g, ''), arrival);
  return true;
}
