import { SPACE } from '../characters.ts';
import type { Arrival, KeyValues, SyslogMessage } from '../message.ts';
import { takeDeviceTime } from './device-time.ts';
import { readKeyValues, valueOf } from './key-values.ts';

/** FortiGate, FortiWeb, FortiMail: `date=2026-03-05 time=11:22:33 devname="…" devid="…" logid="…" …`. */
export function readFortinet(message: SyslogMessage, arrival: Arrival): boolean {
  const text = message.text;
  if (!text.startsWith('date=') && !text.startsWith('time=') && !text.startsWith('logver=')) return false;
  if (!/ (?:devid|devname|device_id|logid|log_id)=/.test(text.slice(0, 240))) return false;
  const fields = readKeyValues(text, 0, SPACE);
  if (fields === undefined) return false;
  message.dialect = 'fortinet';
  message.vendor = 'fortinet';
  message.fields = fields;
  message.hostname ??= valueOf(fields, 'devname');
  message.mnemonic = valueOf(fields, 'logid') ?? valueOf(fields, 'log_id');
  takeTime(message, fields, arrival);
  return true;
}

/** `eventtime` is since the epoch, in seconds or, from FortiOS 6.2 on, nanoseconds; date and time are local, with `tz` if told. */
function takeTime(message: SyslogMessage, fields: KeyValues, arrival: Arrival): void {
  const eventTime = valueOf(fields, 'eventtime');
  if (eventTime !== undefined && takeDeviceTime(message, eventTime, arrival)) return;
  const date = valueOf(fields, 'date');
  const time = valueOf(fields, 'time');
  if (date === undefined || time === undefined) return;
  takeDeviceTime(message, `${date} ${time}${valueOf(fields, 'tz') ?? ''}`, arrival);
}
