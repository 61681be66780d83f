import type { SyslogMessage } from '../../../collectors/syslog/message.ts';
import { parseSyslog } from '../../../collectors/syslog/parse.ts';

/** Parses a text, or bytes, as if it had arrived at `now` from a device in the zone of `zoneOffsetMinutes`. */
export function parsed(text: string | Buffer, now = '2026-03-05T11:30:00Z', zoneOffsetMinutes = 0): SyslogMessage {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return parseSyslog(bytes, { receivedAtMicros: Date.parse(now) * 1000, zoneOffsetMinutes });
}

/** The time of the message in ISO form with microseconds, or undefined. */
export function timeOf(message: SyslogMessage): string | undefined {
  const micros = message.timestampMicros;
  if (micros === undefined) return undefined;
  const second = Math.floor(micros / 1e6);
  return `${new Date(second * 1000).toISOString().slice(0, 19)}.${String(micros - second * 1e6).padStart(6, '0')}Z`;
}

/** The fields as an object; the last of several values of a key. */
export function fieldsOf(message: SyslogMessage): Record<string, string> {
  const fields: Record<string, string> = {};
  const pairs = message.fields ?? [];
  for (let index = 0; index < pairs.length; index += 2) fields[pairs[index]!] = pairs[index + 1]!;
  return fields;
}
