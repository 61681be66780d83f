import { SPACE } from '../characters.ts';
import type { Arrival, SyslogMessage } from '../message.ts';
import { takeDeviceTime } from './device-time.ts';
import { readKeyValues, valueOf } from './key-values.ts';

/** `id=firewall sn=C0EAE4… time="2026-03-05 11:22:33 UTC" fw=… pri=6 c=1024 m=537 msg="…"`. */
export function readSonicWall(message: SyslogMessage, arrival: Arrival): boolean {
  const text = message.text;
  if (!text.startsWith('id=') || !text.slice(0, 80).includes(' sn=')) return false;
  const fields = readKeyValues(text, 0, SPACE);
  if (fields === undefined) return false;
  message.dialect = 'sonicwall';
  message.vendor = 'sonicwall';
  message.fields = fields;
  message.hostname ??= valueOf(fields, 'fw');
  message.mnemonic = valueOf(fields, 'm');
  takeDeviceTime(message, valueOf(fields, 'time') ?? '', arrival);
  return true;
}
