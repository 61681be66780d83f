import { POSTGRES_EPOCH_MICROS, writeTextArray } from '../../copy-format.ts';
import { MAX_RESERVE_BYTES, type RowSink } from '../../row-sink.ts';
import type { Device } from '../devices/device.ts';
import { fixed } from '../message/fixed-text.ts';
import { type ParsedMessage, RAW } from '../message/parsed-message.ts';
import type { SyslogReceived, SyslogTransport } from '../received.ts';
import { SYSLOG_MESSAGES } from '../tables.ts';
import { copyBytes, putBytes, putInt16OrNull, putInt64, putInt8, putNull, putTextOrNull } from './field-bytes.ts';
import { putElements, putFields, wasWhole } from './json-objects.ts';

const COLUMNS = SYSLOG_MESSAGES.columns.length;
const TOO_LONG = fixed('too long for a row');
/** Names are some tens of bytes; of what is longer the rest goes, and `raw` has it all. Indexes of PostgreSQL take 2704 bytes a key. */
const MAX_NAME_BYTES = 1024;
/** All that is not text: lengths, times, flags, the device, the reason. */
const FIXED_BYTES = 1024;
/** JSON can make six bytes of one, in both objects; the text, and the names in it, come besides. */
const BYTES_PER_BYTE = 16;
/** A key of ours, and what JSON writes around it and its value. */
const BYTES_PER_PAIR = 48;
/** Rules are written by people; more of tags than this no row gets. */
const MAX_TAGS_BYTES = 65_536;

/** What the stamp left out and was assumed: nothing, the year, the zone, both. */
const ASSUMED = Buffer.from('nyzb');

function transportCode(transport: SyslogTransport): number {
  if (transport === 'udp') return 0x75;
  if (transport === 'tcp') return 0x74;
  return transport === 'tls' ? 0x73 : 0x72;
}

/**
 * Writes one row of `syslog_messages`, in any case within `MAX_RESERVE_BYTES`: what does not fit is left out of the fields
 * first, then of the text, and is the row's reason. `original`: the bytes as they were received.
 */
export function writeMessageRow(
  sink: RowSink,
  message: ParsedMessage,
  original: Buffer,
  received: SyslogReceived,
  device: Device,
  clockOffsetMs: number | undefined,
  tags: readonly string[],
): void {
  if (hasLongName(message)) message.reason ??= TOO_LONG;
  const isKept =
    message.lossy || message.reason === TOO_LONG || (message.format === RAW && message.reason !== undefined);
  const rawBytes = isKept ? original.length : 0;
  const tagsBytes = tags.length === 0 ? 0 : bytesOf(tags);
  const size = sizeOf(message, rawBytes + tagsBytes);
  sink.reserve(size);
  const out = sink.bytes;
  const limit = sink.position + size - rawBytes - tagsBytes - FIXED_BYTES;
  let at = putHead(out, sink.position, message, received, device, clockOffsetMs);
  at = putNames(out, at, message);
  at = putText(out, at, message, limit);
  at = putElements(message, out, at, limit);
  if (!wasWhole()) message.reason ??= TOO_LONG;
  at = putFields(message, out, at, limit);
  if (!wasWhole()) message.reason ??= TOO_LONG;
  at = tagsBytes === 0 ? putNull(out, at) : writeTextArray(out, at, tags);
  const { reason } = message;
  at = reason === undefined ? putNull(out, at) : putBytes(out, at, message.bytes, reason.start, reason.end);
  at = isKept ? putBytes(out, at, original, 0, original.length) : putNull(out, at);
  sink.commit(at, 1);
}

function sizeOf(message: ParsedMessage, otherBytes: number): number {
  const pairs = message.fields.count + message.elements.count + message.elements.parameters.count;
  const length = message.totalLength;
  const size = 2 * FIXED_BYTES + otherBytes + BYTES_PER_BYTE * length + BYTES_PER_PAIR * pairs;
  return Math.min(size, MAX_RESERVE_BYTES);
}

/** No tags at all where they are too many. */
function bytesOf(tags: readonly string[]): number {
  let bytes = 24;
  for (const tag of tags) bytes += 4 + 3 * tag.length;
  return bytes > MAX_TAGS_BYTES ? 0 : bytes;
}

/** From the start of the row up to the device. */
function putHead(
  out: Buffer,
  start: number,
  message: ParsedMessage,
  received: SyslogReceived,
  device: Device,
  clockOffsetMs: number | undefined,
): number {
  out[start] = COLUMNS >> 8;
  out[start + 1] = COLUMNS;
  let at = putInt64(out, start + 2, received.receivedAtMicros - POSTGRES_EPOCH_MICROS);
  const { hasTime } = message;
  at = hasTime ? putInt64(out, at, message.timestampMicros - POSTGRES_EPOCH_MICROS) : putNull(out, at);
  at = clockOffsetMs === undefined ? putNull(out, at) : putInt64(out, at, clockOffsetMs);
  at = putInt16OrNull(out, at, message.facility);
  at = putInt16OrNull(out, at, message.severity);
  at = putInt8(out, at, message.format);
  at = putInt8(out, at, transportCode(received.transport));
  const assumed = (message.yearGuessed ? 1 : 0) + (message.zoneGuessed ? 2 : 0);
  at = hasTime ? putInt8(out, at, ASSUMED[assumed]!) : putNull(out, at);
  at = putInt8(out, at, received.cut ? 1 : 0);
  return copyBytes(out, at, device.inetField, 0, device.inetField.length);
}

function putNames(out: Buffer, start: number, message: ParsedMessage): number {
  const { bytes, dialect } = message;
  let at = putName(out, start, bytes, message.hostStart, message.hostEnd);
  at = putName(out, at, bytes, message.appStart, message.appEnd);
  at = putName(out, at, bytes, message.procStart, message.procEnd);
  at = putName(out, at, bytes, message.msgIdStart, message.msgIdEnd);
  at = putName(out, at, bytes, message.vendorStart, message.vendorEnd);
  at = dialect === undefined ? putNull(out, at) : putBytes(out, at, bytes, dialect.start, dialect.end);
  return putName(out, at, bytes, message.mnemonicStart, message.mnemonicEnd);
}

function hasLongName(message: ParsedMessage): boolean {
  return (
    message.hostEnd - message.hostStart > MAX_NAME_BYTES ||
    message.appEnd - message.appStart > MAX_NAME_BYTES ||
    message.procEnd - message.procStart > MAX_NAME_BYTES ||
    message.msgIdEnd - message.msgIdStart > MAX_NAME_BYTES ||
    message.vendorEnd - message.vendorStart > MAX_NAME_BYTES ||
    message.mnemonicEnd - message.mnemonicStart > MAX_NAME_BYTES
  );
}

function putName(out: Buffer, at: number, bytes: Buffer, start: number, end: number): number {
  const last = end - start > MAX_NAME_BYTES ? wholeCharacters(bytes, start + MAX_NAME_BYTES) : end;
  return putTextOrNull(out, at, bytes, start, last);
}

/** The message part; of one that could not be parsed, all of it. */
function putText(out: Buffer, at: number, message: ParsedMessage, limit: number): number {
  const { bytes, textStart, end } = message;
  // Behind the text there are 12 bytes for two empty objects before the limit.
  const longest = limit - at - 16;
  if (end - textStart <= longest) return putBytes(out, at, bytes, textStart, end);
  message.reason ??= TOO_LONG;
  return putBytes(out, at, bytes, textStart, wholeCharacters(bytes, textStart + longest));
}

/** `at`, or the position before it where the character that it would cut in two begins. */
function wholeCharacters(bytes: Buffer, at: number): number {
  let end = at;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return end;
}
