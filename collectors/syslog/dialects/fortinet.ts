import type { Arrival, KeyValues, SyslogMessage } from '../message.ts';
import { takeDeviceTime } from './device-time.ts';
import { valueOf } from './key-values.ts';

/** FortiGate, FortiWeb, FortiMail: `date=2026-03-05 time=11:22:33 devname="…" devid="…" logid="…" …`. */
export function takeFortinet(message: SyslogMessage, fields: KeyValues, arrival: Arrival): boolean {
  const first = fields[0];
  if (first !== 'date' && first !== 'time' && first !== 'logver') return false;
  const logId = valueOf(fields, 'logid') ?? valueOf(fields, 'log_id');
  if (logId === undefined) return false;
  message.dialect = 'fortinet';
  message.vendor = 'fortinet';
  message.mnemonic = logId;
  message.hostname ??= valueOf(fields, 'devname');
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
