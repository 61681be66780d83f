import type { SyslogMessage } from './message.ts';
import type { StampReader } from './timestamp.ts';

/** Puts the time that the reader found into the message; a date that does not exist becomes its reason. */
export function takeStamp(stamp: StampReader, message: SyslogMessage): void {
  message.timestampMicros = stamp.micros;
  message.yearGuessed = stamp.yearGuessed;
  message.zoneGuessed = stamp.zoneGuessed;
  if (stamp.micros === undefined) message.reason = 'timestamp';
}
