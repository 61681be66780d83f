import type { Arrival, KeyValues, SyslogMessage } from '../message.ts';
import { takeDeviceTime } from './device-time.ts';
import { valueOf } from './key-values.ts';

/** `id=firewall sn=C0EAE4… time="2026-03-05 11:22:33 UTC" fw=… pri=6 c=1024 m=537 msg="…"`. */
export function takeSonicWall(message: SyslogMessage, fields: KeyValues, arrival: Arrival): boolean {
  if (fields[0] !== 'id' || fields[2] !== 'sn') return false;
  message.dialect = 'sonicwall';
  message.vendor = 'sonicwall';
  message.hostname ??= valueOf(fields, 'fw');
  message.mnemonic = valueOf(fields, 'm');
  takeDeviceTime(message, valueOf(fields, 'time') ?? '', arrival);
  return true;
}
