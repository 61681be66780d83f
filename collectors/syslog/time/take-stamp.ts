import { fixed } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import type { StampReader } from './timestamp.ts';

export const TIMESTAMP = fixed('timestamp');

/** Puts the time that the reader found into the message; a date that does not exist becomes its reason. */
export function takeStamp(stamp: StampReader, message: ParsedMessage): void {
  message.timestampMicros = stamp.micros;
  message.yearGuessed = stamp.yearGuessed;
  message.zoneGuessed = stamp.zoneGuessed;
  if (Number.isNaN(stamp.micros)) message.reason = TIMESTAMP;
}
