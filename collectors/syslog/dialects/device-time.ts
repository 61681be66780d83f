import type { Arrival, SyslogMessage } from '../message.ts';
import { takeStamp } from '../take-stamp.ts';
import { StampReader } from '../timestamp.ts';

const stamps = new StampReader();

/** Takes a time that the message part itself gives: any form of stamp, or seconds, milli-, micro- or nanoseconds since the epoch. */
export function takeDeviceTime(message: SyslogMessage, value: string, arrival: Arrival): boolean {
  const epoch = epochMicros(value);
  if (epoch !== undefined) {
    message.timestampMicros = epoch;
    message.yearGuessed = false;
    message.zoneGuessed = false;
    return true;
  }
  if (!stamps.read(value, 0, arrival) || stamps.micros === undefined) return false;
  takeStamp(stamps, message);
  return true;
}

/** Ten digits are seconds, and every three more a finer unit. */
function epochMicros(value: string): number | undefined {
  const unitMicros = epochUnits.get(value.length);
  if (unitMicros === undefined || !/^\d+$/.test(value)) return undefined;
  const micros = Math.floor(Number(value) * unitMicros);
  return Number.isSafeInteger(micros) ? micros : undefined;
}

const epochUnits = new Map([
  [10, 1e6],
  [13, 1e3],
  [16, 1],
  [19, 1e-3],
]);
