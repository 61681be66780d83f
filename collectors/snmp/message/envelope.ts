import type { BerFailure, BerReader } from '../ber/ber-reader.ts';
import { INTEGER, OCTET_STRING, SEQUENCE } from '../ber/tags.ts';
import type { V3Message } from '../security.ts';

/** `version` of RFC 1157, RFC 1901 and RFC 3412 section 6, as people say it. */
export type SnmpVersion = 1 | 2 | 3;

/** What can be wrong with the outside of a message, beside its BER. */
export type EnvelopeFailure =
  | BerFailure
  | 'version'
  /** msgID, msgMaxSize or msgFlags out of the bounds of RFC 3412 section 6. */
  | 'v3-header';

/** The outside of a message of v1 or v2c; for v3 without the community. Used over and over. */
export interface Envelope {
  version: SnmpVersion;
  /** Where `version` stands, tag included. */
  start: number;
  /** Where the message ends. What follows is none of it. */
  end: number;
  /** The content of `community`. */
  communityStart: number;
  communityStop: number;
}

const MESSAGE_VERSIONS: readonly (SnmpVersion | undefined)[] = [1, 2, undefined, 3];
/** RFC 3412 section 6: msgMaxSize INTEGER (484..2147483647). */
const MIN_MAX_SIZE = 484;
const MAX_INT32 = 0x7f_ff_ff_ff;

/**
 * Reads as far as the PDU (v1, v2c) or msgGlobalData (v3), where `reader` then stands.
 * @returns why not, else undefined
 */
export function readEnvelope(reader: BerReader, envelope: Envelope): EnvelopeFailure | undefined {
  const end = reader.into(SEQUENCE, reader.bytes.length);
  envelope.start = reader.at;
  const number = reader.integer(end);
  if (reader.failure !== undefined) return reader.failure;
  const version = MESSAGE_VERSIONS[number];
  if (version === undefined) return 'version';
  envelope.version = version;
  envelope.end = end;
  if (version === 3) return undefined;
  if (!reader.expect(OCTET_STRING, end)) return reader.failure;
  envelope.communityStart = reader.start;
  envelope.communityStop = reader.stop;
  return undefined;
}

/** What follows msgVersion in SNMPv3 (RFC 3412 section 6), or why it cannot be read. `reader` ends behind msgData. */
export function readV3Message(reader: BerReader, end: number): V3Message | EnvelopeFailure {
  const { bytes } = reader;
  const headerEnd = reader.into(SEQUENCE, end);
  const msgId = reader.integer(headerEnd);
  const maxSize = reader.integer(headerEnd);
  reader.expect(OCTET_STRING, headerEnd);
  const { start: flagsStart, stop: flagsStop } = reader;
  const securityModel = reader.integer(headerEnd);
  if (reader.failure !== undefined) return reader.failure;
  reader.at = headerEnd;
  reader.expect(OCTET_STRING, end);
  const { start: parametersStart, stop: parametersStop } = reader;
  const dataStart = reader.at;
  // Encrypted or not: the flags are for the security room to compare.
  if (!reader.next(end)) return reader.failure ?? 'tag';
  if (reader.tag !== SEQUENCE && reader.tag !== OCTET_STRING) return 'tag';
  const legal = inInt32(msgId, 0) && inInt32(maxSize, MIN_MAX_SIZE) && flagsStop - flagsStart === 1;
  if (!legal) return 'v3-header';
  return {
    bytes: bytes.length === end ? bytes : bytes.subarray(0, end),
    msgId,
    maxSize,
    flags: bytes.readUInt8(flagsStart),
    securityModel,
    securityParameters: bytes.subarray(parametersStart, parametersStop),
    securityParametersOffset: parametersStart,
    scopedPduData: bytes.subarray(dataStart, reader.stop),
  };
}

/**
 * A copy of a message that could not be read, without its community: that is a password, wherever lengths around it lie.
 * At most `limit` bytes.
 */
export function withoutCommunity(bytes: Buffer, limit: number): Buffer {
  const kept = Buffer.from(bytes.subarray(0, limit));
  let at = 1 + lengthOctets(kept, 1);
  if (kept[at] !== INTEGER) return kept;
  const versionOctets = kept[at + 1] ?? 0;
  const version = kept[at + 1 + versionOctets] ?? 0;
  if (versionOctets >= 0x80 || version === 3) return kept;
  at += 2 + versionOctets;
  if (kept[at] !== OCTET_STRING) return kept;
  const first = kept[at + 1] ?? 0;
  const start = at + 1 + lengthOctets(kept, at + 1);
  // An indefinite length has no octets, and hides everything up to the end.
  const octets = first & 0x7f;
  const length = first < 0x80 ? first : octets === 0 ? limit : lengthOf(kept, at + 2, octets);
  return kept.fill('*', Math.min(start, kept.length), Math.min(start + length, kept.length));
}

function lengthOctets(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  return first < 0x80 ? 1 : 1 + (first & 0x7f);
}

function lengthOf(bytes: Buffer, at: number, octets: number): number {
  let length = 0;
  for (let index = at; index < at + octets; index += 1)
    length = Math.min(length * 256 + (bytes[index] ?? 0), MAX_INT32);
  return length;
}

function inInt32(value: number, min: number): boolean {
  return value >= min && value <= MAX_INT32;
}
