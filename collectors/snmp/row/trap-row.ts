import {
  writeBytes,
  writeChar,
  writeFieldCount,
  writeInet,
  writeInt2,
  writeInt8,
  writeNull,
  writeText,
  writeTextArray,
  writeTextBytes,
  writeTimestamp,
  JSONB_VERSION,
} from '../../copy-format.ts';
import type { RowSink } from '../../row-sink.ts';
import type { SnmpVersion } from '../message/envelope.ts';
import type { Source } from '../source-table.ts';
import { SNMP_TRAPS } from '../tables.ts';
import type { NotificationReader } from './notification.ts';

/** What a row says beside the notification itself. */
export interface TrapContext {
  readonly receivedAtMicros: number;
  readonly source: Source;
  readonly version: SnmpVersion;
  /** The datagram is longer than the message. */
  readonly trailingBytes: boolean;
  readonly securityName: string | undefined;
  /** Of v3 alone. */
  readonly security: TrapSecurity | undefined;
}

interface TrapSecurity {
  /** Code of n, a or p. */
  readonly level: number;
  readonly engineId: Buffer;
  readonly boots: number;
  readonly time: number;
  readonly contextEngineId: Buffer;
  readonly contextName: Buffer;
}

/** What could not be decoded. */
export interface RawContext {
  readonly receivedAtMicros: number;
  readonly source: Source;
  readonly version: SnmpVersion | undefined;
  readonly reason: string;
  /** Without its community. */
  readonly raw: Buffer;
}

/** Of the texts that somebody else wrote. */
const MAX_TEXT_LENGTH = 255;
/** RFC 3411 section 5: an SnmpEngineID has 5 to 32 octets. More are shown, but not without end. */
const MAX_ENGINE_ID_OCTETS = 64;
/** Everything but varbinds and raw bytes: 27 columns, five texts of 255 units, three OIDs of 1,408 characters, flags. */
const MAX_OTHER_BYTES = 16_384;
const MAX_FLAGS = 24;

const TRAP = 't'.charCodeAt(0);
const INFORM = 'i'.charCodeAt(0);
const UNDECODABLE = 'u'.charCodeAt(0);

/** Writes a notification as one row of `snmp_traps`. `informKey`: of an inform. `flags`: at most 24, each up to 40 characters. */
export function writeTrapRow(
  sink: RowSink,
  context: TrapContext,
  notification: NotificationReader,
  informKey: Buffer | undefined,
  flags: readonly string[],
): void {
  const { security } = context;
  const { pdu, json, jsonLength } = notification;
  sink.reserve(jsonLength + MAX_OTHER_BYTES);
  const out = sink.bytes;
  let at = writeFieldCount(out, sink.position, SNMP_TRAPS.columns.length);
  at = writeTimestamp(out, at, context.receivedAtMicros);
  at = notification.uptime < 0 ? writeNull(out, at) : writeInt8(out, at, notification.uptime);
  at = notification.isV1 ? writeNull(out, at) : writeInt8(out, at, pdu.requestId);
  at = security === undefined ? writeNull(out, at) : writeInt8(out, at, security.boots);
  at = security === undefined ? writeNull(out, at) : writeInt8(out, at, security.time);
  at = notification.isV1 ? writeInt8(out, at, pdu.specific) : writeNull(out, at);
  at = notification.isV1 ? writeInt2(out, at, clampInt2(pdu.generic)) : writeNull(out, at);
  at = writeInt2(out, at, context.version);
  at = writeChar(out, at, informKey === undefined ? TRAP : INFORM);
  at = security === undefined ? writeNull(out, at) : writeChar(out, at, security.level);
  at = writeField(out, at, context.source.field);
  const { agentStart, agentLength } = notification;
  at = agentLength === 0 ? writeNull(out, at) : writeInet(out, at, pdu.bytes, agentStart, agentLength);
  at = writeOptionalText(out, at, context.securityName);
  at = writeHexText(out, at, security?.engineId);
  at = writeHexText(out, at, security?.contextEngineId);
  at = writeOptionalText(out, at, security?.contextName.toString('utf8'));
  at = writeAscii(out, at, notification.trapOid);
  at = writeAscii(out, at, notification.trapName);
  at = writeAscii(out, at, notification.enterprise);
  at = writeJson(out, at, json, jsonLength);
  at = flags.length === 0 ? writeNull(out, at) : writeTextArray(out, at, flags.slice(0, MAX_FLAGS));
  at = writeNull(out, at); // reason
  at = writeNull(out, at); // raw
  at = informKey === undefined ? writeNull(out, at) : writeBytes(out, at, informKey, 0, informKey.length);
  sink.commit(at, 1);
}

/** Writes a datagram that could not be decoded as one row of `snmp_traps`. */
export function writeRawRow(sink: RowSink, context: RawContext): void {
  sink.reserve(context.raw.length + MAX_OTHER_BYTES);
  const out = sink.bytes;
  let at = writeFieldCount(out, sink.position, SNMP_TRAPS.columns.length);
  at = writeTimestamp(out, at, context.receivedAtMicros);
  at = writeNulls(out, at, 6); // uptime to generic_trap
  at = context.version === undefined ? writeNull(out, at) : writeInt2(out, at, context.version);
  at = writeChar(out, at, UNDECODABLE);
  at = writeNull(out, at); // security_level
  at = writeField(out, at, context.source.field);
  at = writeNulls(out, at, 10); // agent_address to flags
  at = writeOptionalText(out, at, context.reason);
  at = writeBytes(out, at, context.raw, 0, context.raw.length);
  at = writeNull(out, at); // inform_key
  sink.commit(at, 1);
}

function writeNulls(out: Buffer, at: number, count: number): number {
  let next = at;
  for (let field = 0; field < count; field += 1) next = writeNull(out, next);
  return next;
}

/** A whole field, length included. */
function writeField(out: Buffer, at: number, field: Buffer): number {
  out.set(field, at);
  return at + field.length;
}

/** RFC 1157 knows 0 to 6; the number of a broken device is kept as far as the column goes. */
function clampInt2(value: number): number {
  return Math.max(-0x80_00, Math.min(0x7f_ff, value));
}

function writeOptionalText(out: Buffer, at: number, text: string | undefined): number {
  return text === undefined ? writeNull(out, at) : writeText(out, at, text.slice(0, MAX_TEXT_LENGTH));
}

function writeAscii(out: Buffer, at: number, text: Buffer | undefined): number {
  return text === undefined ? writeNull(out, at) : writeTextBytes(out, at, text, 0, text.length);
}

function writeHexText(out: Buffer, at: number, octets: Buffer | undefined): number {
  if (octets === undefined) return writeNull(out, at);
  return writeText(out, at, octets.toString('hex', 0, MAX_ENGINE_ID_OCTETS));
}

function writeJson(out: Buffer, at: number, json: Buffer, length: number): number {
  const next = out.writeUInt8(JSONB_VERSION, out.writeInt32BE(length + 1, at));
  return next + json.copy(out, next, 0, length);
}
