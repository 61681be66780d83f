import {
  writeBool,
  writeBytes,
  writeChar,
  writeFieldCount,
  writeInt2,
  writeInt8,
  writeJsonb,
  writeNull,
  writeText,
  writeTextArray,
  writeTimestamp,
} from '../copy-format.ts';
import { MAX_RESERVE_BYTES, type RowSink } from '../row-sink.ts';
import type { Device } from './devices/device.ts';
import type { SyslogMessage } from './message.ts';
import type { SyslogReceived } from './received.ts';
import { SYSLOG_MESSAGES } from './tables.ts';

const formats = { rfc5424: 0x35, rfc3164: 0x33, cisco: 0x63, raw: 0x72 };
const transports = { udp: 0x75, tcp: 0x74, tls: 0x73, relp: 0x72 };

/** Writes one row of `syslog_messages`. */
export function writeMessageRow(
  sink: RowSink,
  message: SyslogMessage,
  bytes: Buffer,
  received: SyslogReceived,
  device: Device,
  tags: readonly string[],
): void {
  sink.reserve(MAX_RESERVE_BYTES);
  const out = sink.bytes;
  let at = writeFieldCount(out, sink.position, SYSLOG_MESSAGES.columns.length);
  at = writeTimestamp(out, at, received.receivedAtMicros);
  at = message.timestampMicros === undefined ? writeNull(out, at) : writeTimestamp(out, at, message.timestampMicros);
  at =
    message.timestampMicros === undefined || device.clockOffsetMs === undefined
      ? writeNull(out, at)
      : writeInt8(out, at, device.clockOffsetMs);
  at = message.facility === undefined ? writeNull(out, at) : writeInt2(out, at, message.facility);
  at = message.severity === undefined ? writeNull(out, at) : writeInt2(out, at, message.severity);
  at = writeChar(out, at, formats[message.format]);
  at = writeChar(out, at, transports[received.transport]);
  at =
    message.timestampMicros === undefined
      ? writeNull(out, at)
      : writeChar(
          out,
          at,
          message.yearGuessed ? (message.zoneGuessed ? 0x62 : 0x79) : message.zoneGuessed ? 0x7a : 0x6e,
        );
  at = writeBool(out, at, received.cut);
  at += device.inetField.copy(out, at);
  for (const text of [
    message.hostname,
    message.appName,
    message.procId,
    message.msgId,
    message.vendor,
    message.dialect,
    message.mnemonic,
    message.text,
  ]) {
    at = text === undefined ? writeNull(out, at) : writeText(out, at, text);
  }
  at =
    message.structuredData === undefined
      ? writeNull(out, at)
      : writeJsonb(out, at, JSON.stringify(message.structuredData));
  at = message.fields === undefined ? writeNull(out, at) : writeJsonb(out, at, JSON.stringify(fieldsOf(message)));
  at = tags.length === 0 ? writeNull(out, at) : writeTextArray(out, at, tags);
  at = message.reason === undefined ? writeNull(out, at) : writeText(out, at, message.reason);
  at =
    message.lossy || (message.format === 'raw' && message.reason !== undefined)
      ? writeBytes(out, at, bytes, 0, bytes.length)
      : writeNull(out, at);
  sink.commit(at, 1);
}

function fieldsOf(message: SyslogMessage): object {
  const values = new Map<string, string | string[]>();
  const pairs = message.fields ?? [];
  for (let index = 0; index < pairs.length; index += 2) {
    const key = pairs[index]!;
    const known = values.get(key);
    if (known === undefined) values.set(key, pairs[index + 1]!);
    else values.set(key, [known, pairs[index + 1]!].flat());
  }
  return Object.fromEntries(values);
}
