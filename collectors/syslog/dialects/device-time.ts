import { ZERO, isDigit } from '../characters.ts';
import type { Arrival } from '../message.ts';
import { PADDING, TIME_START } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { takeStamp } from '../time/take-stamp.ts';
import { StampReader } from '../time/timestamp.ts';

const stamps = new StampReader();

/** Takes a time that the message part itself gives: any form of stamp, or seconds, milli-, micro- or nanoseconds since the epoch. */
export function takeDeviceTime(message: ParsedMessage, start: number, end: number, arrival: Arrival): boolean {
  if (end <= start) return false;
  const epoch = epochMicros(message.bytes, start, end);
  if (!Number.isNaN(epoch)) {
    message.timestampMicros = epoch;
    message.yearGuessed = false;
    message.zoneGuessed = false;
    return true;
  }
  return takeTimeText(message, putTime(message.bytes, TIME_START, start, end), arrival);
}

/** The time in a field's value. `index`: of a pair, or -1. */
export function takeTimeOfField(message: ParsedMessage, index: number, arrival: Arrival): boolean {
  if (index < 0) return false;
  return takeDeviceTime(message, message.fields.valueStart(index), message.fields.valueEnd(index), arrival);
}

/**
 * Copies a part of a time to `at`, which is `TIME_START` for the first; gives the position behind it. A stamp is read
 * there and not where it stands, since what follows it might be taken for its zone or year.
 */
export function putTime(bytes: Buffer, at: number, start: number, end: number): number {
  const length = Math.min(end - start, TIME_START + PADDING - at);
  for (let index = 0; index < length; index++) bytes[at + index] = bytes[start + index]!;
  return at + length;
}

/** Takes the stamp that `putTime` put together up to `end`. */
export function takeTimeText(message: ParsedMessage, end: number, arrival: Arrival): boolean {
  const { bytes } = message;
  for (let index = end; index < TIME_START + 2 * PADDING; index++) bytes[index] = 0;
  if (!stamps.read(bytes, TIME_START, arrival) || Number.isNaN(stamps.micros)) return false;
  takeStamp(stamps, message);
  return true;
}

/** Ten digits are seconds, and every three more a finer unit; NaN for anything else. */
function epochMicros(bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length !== 10 && length !== 13 && length !== 16 && length !== 19) return Number.NaN;
  let micros = 0;
  for (let index = 0; index < 16; index++) {
    const code = index < length ? bytes[start + index]! : ZERO;
    if (!isDigit(code)) return Number.NaN;
    micros = micros * 10 + code - ZERO;
  }
  for (let index = 16; index < length; index++) if (!isDigit(bytes[start + index]!)) return Number.NaN;
  return Number.isSafeInteger(micros) ? micros : Number.NaN;
}
