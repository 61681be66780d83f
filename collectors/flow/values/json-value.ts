import type { ElementType } from '../elements/element-type.ts';
import { writeHex, writeIpv4, writeIpv6, writeMac } from './json-address.ts';
import { readSmall, writeSigned, writeUnsigned, writeWide } from './json-number.ts';
import { LAST_SECOND, MAX_TIME_BYTES, writeNtpTime, writeTime } from './json-time.ts';

const QUOTE = 34;
const BACKSLASH = 92;
const LOWER_U = 117;
const ZERO = 48;
const HEX = Buffer.from('0123456789abcdef', 'latin1');
const NULL = Buffer.from('null', 'latin1');
const TRUE = Buffer.from('true', 'latin1');
const FALSE = Buffer.from('false', 'latin1');

type Writer = (source: Buffer, offset: number, length: number, out: Buffer, at: number) => number;

/** For each type what it needs at most where it is not hexadecimal, and its writer. Lengths are at least 1. */
const FORMATS: Readonly<Record<ElementType, { readonly maxBytes: number; readonly write: Writer }>> = {
  octetArray: { maxBytes: 0, write: writeHexString },
  unsigned8: { maxBytes: 20, write: writeUnsignedValue },
  unsigned16: { maxBytes: 20, write: writeUnsignedValue },
  unsigned32: { maxBytes: 20, write: writeUnsignedValue },
  unsigned64: { maxBytes: 20, write: writeUnsignedValue },
  unsigned256: { maxBytes: 78, write: writeUnsigned256 },
  signed8: { maxBytes: 20, write: writeSignedValue },
  signed16: { maxBytes: 20, write: writeSignedValue },
  signed32: { maxBytes: 20, write: writeSignedValue },
  signed64: { maxBytes: 20, write: writeSignedValue },
  float32: { maxBytes: 25, write: writeFloat },
  float64: { maxBytes: 25, write: writeFloat },
  boolean: { maxBytes: 5, write: writeBoolean },
  macAddress: { maxBytes: 19, write: writeMacString },
  string: { maxBytes: 0, write: writeString },
  dateTimeSeconds: { maxBytes: MAX_TIME_BYTES, write: writeSeconds },
  dateTimeMilliseconds: { maxBytes: MAX_TIME_BYTES, write: writeMilliseconds },
  dateTimeMicroseconds: { maxBytes: MAX_TIME_BYTES, write: writeMicroseconds },
  dateTimeNanoseconds: { maxBytes: MAX_TIME_BYTES, write: writeNanoseconds },
  ipv4Address: { maxBytes: 17, write: writeIpv4String },
  ipv6Address: { maxBytes: 41, write: writeIpv6String },
  basicList: { maxBytes: 0, write: writeHexString },
  subTemplateList: { maxBytes: 0, write: writeHexString },
  subTemplateMultiList: { maxBytes: 0, write: writeHexString },
};

/** The most bytes that `writeJsonValue` writes for a field of this type and length. */
export function maxJsonBytes(type: ElementType | undefined, length: number): number {
  // A control character in a string becomes six bytes, a byte in hexadecimal two.
  const text = 2 + length * (type === 'string' ? 6 : 2);
  return Math.max(NULL.length, text, type === undefined ? 0 : FORMATS[type].maxBytes);
}

/**
 * Writes a field's value as JSON text at `at` and returns the position behind it. The caller has checked that `length`
 * bytes stand at `offset`, and has reserved `maxJsonBytes`. Does not throw whatever the bytes are.
 *
 * Integers of 1 to 8 bytes become numbers with all their digits (RFC 7011 section 6.2: fewer bytes than the type has,
 * and some exporters send more), addresses, MACs and times text. What has a length that its type cannot have, octet
 * arrays, lists and unknown types become lower-case hexadecimal strings. No bytes, NaN and infinities become null.
 */
export function writeJsonValue(
  type: ElementType | undefined,
  source: Buffer,
  offset: number,
  length: number,
  out: Buffer,
  at: number,
): number {
  if (length === 0) return writeLiteral(NULL, out, at);
  if (type === undefined) return writeHexString(source, offset, length, out, at);
  return FORMATS[type].write(source, offset, length, out, at);
}

/** `"name":` as bytes, to be copied before each value. */
export function writeJsonKey(name: string): Buffer {
  return Buffer.from(`${JSON.stringify(name)}:`);
}

function writeUnsignedValue(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  return length > 8 ? writeHexString(source, offset, length, out, at) : writeUnsigned(source, offset, length, out, at);
}

function writeUnsigned256(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  if (length <= 8) return writeUnsigned(source, offset, length, out, at);
  return length > 32 ? writeHexString(source, offset, length, out, at) : writeWide(source, offset, length, out, at);
}

function writeSignedValue(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  return length > 8 ? writeHexString(source, offset, length, out, at) : writeSigned(source, offset, length, out, at);
}

/** A float64 may be sent in the four bytes of a float32 (RFC 7011 section 6.2). */
function writeFloat(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  if (length !== 4 && length !== 8) return writeHexString(source, offset, length, out, at);
  const value = length === 4 ? source.readFloatBE(offset) : source.readDoubleBE(offset);
  if (!Number.isFinite(value)) return writeLiteral(NULL, out, at);
  return at + out.write(String(value), at, 'latin1');
}

/** RFC 7011 section 6.1.5: 1 is true, 2 is false, everything else is undefined. */
function writeBoolean(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  if (length !== 1) return writeHexString(source, offset, length, out, at);
  const value = source.readUInt8(offset);
  return writeLiteral(value === 1 ? TRUE : value === 2 ? FALSE : NULL, out, at);
}

function writeMacString(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  if (length !== 6) return writeHexString(source, offset, length, out, at);
  return closeQuote(out, writeMac(source, offset, out, openQuote(out, at)));
}

function writeIpv4String(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  if (length !== 4) return writeHexString(source, offset, length, out, at);
  return closeQuote(out, writeIpv4(source, offset, out, openQuote(out, at)));
}

function writeIpv6String(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  if (length !== 16) return writeHexString(source, offset, length, out, at);
  return closeQuote(out, writeIpv6(source, offset, out, openQuote(out, at)));
}

function writeSeconds(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  return writeUnixTime(source, offset, length, 1, out, at);
}

function writeMilliseconds(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  return writeUnixTime(source, offset, length, 1000, out, at);
}

function writeMicroseconds(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  return length === 8 ? writeNtpTime(source, offset, 6, out, at) : writeHexString(source, offset, length, out, at);
}

function writeNanoseconds(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  return length === 8 ? writeNtpTime(source, offset, 9, out, at) : writeHexString(source, offset, length, out, at);
}

function writeLiteral(text: Buffer, out: Buffer, at: number): number {
  return at + text.copy(out, at);
}

/** `unitsASecond`: 1 or 1000. What lies beyond RFC 3339's last year stays a number. */
function writeUnixTime(
  source: Buffer,
  offset: number,
  length: number,
  unitsASecond: number,
  out: Buffer,
  at: number,
): number {
  if (length > 8) return writeHexString(source, offset, length, out, at);
  const leading = length > 6 ? readSmall(source, offset, length - 6) : 0;
  const value = length > 6 ? source.readUIntBE(offset + length - 6, 6) : readSmall(source, offset, length);
  const seconds = Math.floor(value / unitsASecond);
  if (leading > 0 || seconds > LAST_SECOND) return writeUnsigned(source, offset, length, out, at);
  return writeTime(seconds, value - seconds * unitsASecond, unitsASecond === 1 ? 0 : 3, out, at);
}

/** Without trailing NULs, which pad fixed lengths, and without NULs inside, which PostgreSQL's jsonb refuses. */
function writeString(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  let end = offset + length;
  while (end > offset && source[end - 1] === 0) end -= 1;
  let next = openQuote(out, at);
  for (let index = offset; index < end; index += 1) {
    const byte = source[index] ?? 0;
    if (byte >= 0x80) return closeQuote(out, writeUnicode(source.toString('utf8', index, end), out, next));
    if (byte < 0x20) next = byte === 0 ? next : writeEscape(byte, out, next);
    else {
      if (byte === QUOTE || byte === BACKSLASH) out[next++] = BACKSLASH;
      out[next++] = byte;
    }
  }
  return closeQuote(out, next);
}

/** `text`: decoded, with U+FFFD in the place of what was not UTF-8. */
function writeUnicode(text: string, out: Buffer, at: number): number {
  const json = JSON.stringify(text.includes('\0') ? text.replaceAll('\0', '') : text);
  return at + out.write(json.slice(1, -1), at);
}

function writeEscape(control: number, out: Buffer, at: number): number {
  out[at] = BACKSLASH;
  out[at + 1] = LOWER_U;
  out[at + 2] = ZERO;
  out[at + 3] = ZERO;
  out[at + 4] = HEX[control >> 4] ?? 0;
  out[at + 5] = HEX[control & 15] ?? 0;
  return at + 6;
}

function writeHexString(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  return closeQuote(out, writeHex(source, offset, length, out, openQuote(out, at)));
}

function openQuote(out: Buffer, at: number): number {
  out[at] = QUOTE;
  return at + 1;
}

const closeQuote = openQuote;
