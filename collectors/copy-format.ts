/**
 * Fields of PostgreSQL's binary COPY format. Every writer puts a whole field (int32 length, then the value, all
 * big-endian) at `at` and returns the position behind it. The caller has reserved the room.
 */

/** Microseconds from the Unix epoch to PostgreSQL's (2000-01-01 00:00:00 UTC). */
export const POSTGRES_EPOCH_MICROS = 946_684_800_000_000;

const TWO_POW_32 = 4_294_967_296;
// PostgreSQL's own numbers for address families (src/include/utils/inet.h).
export const PGSQL_AF_INET = 2;
export const PGSQL_AF_INET6 = 3;

/** Bytes of the longest fixed-width field: an IPv6 `inet`. */
export const MAX_FIXED_FIELD_BYTES = 24;

/** The start of a row: how many fields follow. */
export function writeFieldCount(out: Buffer, at: number, count: number): number {
  return out.writeUInt16BE(count, at);
}

export function writeNull(out: Buffer, at: number): number {
  return out.writeInt32BE(-1, at);
}

export function writeInt2(out: Buffer, at: number, value: number): number {
  return out.writeInt16BE(value, out.writeInt32BE(2, at));
}

export function writeInt4(out: Buffer, at: number, value: number): number {
  return out.writeInt32BE(value, out.writeInt32BE(4, at));
}

/** `value`: an integer within ±(2^53 - 1). */
export function writeInt8(out: Buffer, at: number, value: number): number {
  const start = out.writeInt32BE(8, at);
  const low = value >>> 0; // modulo 2^32, also for negative values
  return out.writeUInt32BE(low, out.writeInt32BE((value - low) / TWO_POW_32, start));
}

/** An unsigned 64-bit counter, copied from the wire; NULL where it exceeds `int8`. */
export function writeUnsigned64(out: Buffer, at: number, source: Buffer, offset: number): number {
  const high = source.readUInt32BE(offset);
  if (high > 0x7f_ff_ff_ff) return writeNull(out, at);
  const start = out.writeInt32BE(8, at);
  return out.writeUInt32BE(source.readUInt32BE(offset + 4), out.writeUInt32BE(high, start));
}

/** `micros`: since the Unix epoch, an integer. */
export function writeTimestamp(out: Buffer, at: number, micros: number): number {
  return writeInt8(out, at, micros - POSTGRES_EPOCH_MICROS);
}

/** The one-byte type `"char"`. `code`: an ASCII code. */
export function writeChar(out: Buffer, at: number, code: number): number {
  return out.writeUInt8(code, out.writeInt32BE(1, at));
}

/** `length`: 4 or 16 address bytes at `offset` of `source`. */
export function writeInet(out: Buffer, at: number, source: Buffer, offset: number, length: 4 | 16): number {
  let next = out.writeInt32BE(4 + length, at);
  next = out.writeUInt8(length === 4 ? PGSQL_AF_INET : PGSQL_AF_INET6, next);
  next = out.writeUInt8(length * 8, next); // netmask bits: a host
  next = out.writeUInt8(0, next); // is_cidr
  next = out.writeUInt8(length, next);
  source.copy(out, next, offset, offset + length);
  return next + length;
}

/** UTF-8, without the NUL characters that PostgreSQL refuses. Needs 4 + 3 bytes for each UTF-16 unit of `value`. */
export function writeText(out: Buffer, at: number, value: string): number {
  const length = out.write(value.includes('\0') ? value.replaceAll('\0', '') : value, at + 4);
  out.writeInt32BE(length, at);
  return at + 4 + length;
}

/** UTF-8 without NUL, copied from `source`. Needs 4 + (end - start) bytes. */
export function writeTextBytes(out: Buffer, at: number, source: Buffer, start: number, end: number): number {
  return writeBytes(out, at, source, start, end);
}

/** Any bytes, as `bytea`. Needs 4 + (end - start) bytes. */
export function writeBytes(out: Buffer, at: number, source: Buffer, start: number, end: number): number {
  const next = out.writeInt32BE(end - start, at);
  source.copy(out, next, start, end);
  return next + end - start;
}

export function writeBool(out: Buffer, at: number, value: boolean): number {
  return out.writeUInt8(value ? 1 : 0, out.writeInt32BE(1, at));
}

const TEXT_TYPE_OID = 25; // PostgreSQL's pg_type.dat

/** `text[]` of one dimension (src/backend/utils/adt/arrayfuncs.c, array_recv). Needs 24 + 4 bytes for each and 3 for each UTF-16 unit. */
export function writeTextArray(out: Buffer, at: number, values: readonly string[]): number {
  let next = out.writeInt32BE(values.length === 0 ? 0 : 1, at + 4);
  next = out.writeInt32BE(0, next); // no NULLs
  next = out.writeInt32BE(TEXT_TYPE_OID, next);
  if (values.length > 0) next = out.writeInt32BE(1, out.writeInt32BE(values.length, next)); // length, lower bound
  for (const value of values) next = writeText(out, next, value);
  out.writeInt32BE(next - at - 4, at);
  return next;
}

/** Version byte of `jsonb`'s binary form; the rest is JSON text. */
export const JSONB_VERSION = 1;

/** `json`: JSON text without `\u0000`, which `jsonb` refuses. Needs 5 + 3 bytes for each UTF-16 unit. */
export function writeJsonb(out: Buffer, at: number, json: string): number {
  out.writeUInt8(JSONB_VERSION, at + 4);
  const length = 1 + out.write(json, at + 5);
  out.writeInt32BE(length, at);
  return at + 4 + length;
}
