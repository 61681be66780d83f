import type { ColumnType } from '../../collectors/row-sink.ts';

/** Microseconds from the Unix epoch to PostgreSQL's (2000-01-01 00:00:00 UTC). */
const POSTGRES_EPOCH_MICROS = 946_684_800_000_000;
const PGSQL_AF_INET = 2; // src/include/utils/inet.h; IPv6 is 3

export interface ReadColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/**
 * Reads rows of PostgreSQL's binary COPY format (no file header, no trailer) back into values, for tests, for
 * `inspect` and for people; nothing on the way of a datagram uses it.
 *
 * timestamptz: microseconds since the Unix epoch. int8: a number, a bigint beyond 2^53. inet: text, the mask only where
 * it is not a host. "char": a string of one character. jsonb: parsed. text[]: strings. bytea: a copy. NULL: null.
 *
 * @throws RangeError where the bytes are no whole rows of these columns
 */
export function readRows(bytes: Buffer, columns: readonly ReadColumn[]): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = [];
  for (let at = 0; at < bytes.length;) {
    const row: Record<string, unknown> = {};
    const fields = bytes.readInt16BE(at);
    if (fields !== columns.length) throw new RangeError(`row of ${fields} fields at ${at}, not ${columns.length}`);
    at += 2;
    for (const { name, type } of columns) {
      const length = bytes.readInt32BE(at);
      at += 4;
      if (length < -1 || at + length > bytes.length) throw new RangeError(`${name} of ${length} bytes at ${at}`);
      row[name] = length === -1 ? null : READERS[type](bytes.subarray(at, at + length));
      if (length > 0) at += length;
    }
    rows.push(row);
  }
  return rows;
}

/**
 * Where each row starts, and behind the last one the end: n rows give n + 1 offsets.
 * @throws RangeError where the bytes are no whole rows
 */
export function rowOffsets(bytes: Buffer): number[] {
  const offsets = [0];
  for (let at = 0; at < bytes.length;) {
    const fields = bytes.readInt16BE(at);
    if (fields < 0) throw new RangeError(`row of ${fields} fields at ${at}`);
    at += 2;
    for (let field = 0; field < fields; field += 1) {
      const length = bytes.readInt32BE(at);
      if (length < -1) throw new RangeError(`field of ${length} bytes at ${at}`);
      at += 4 + Math.max(length, 0);
    }
    if (at > bytes.length) throw new RangeError(`row ends at ${at}, behind the end`);
    offsets.push(at);
  }
  return offsets;
}

/**
 * The fields of the row at `at` as they are on the wire, views of `bytes`; undefined: NULL.
 * @throws RangeError where the bytes are no whole row
 */
export function rowFields(bytes: Buffer, at: number): (Buffer | undefined)[] {
  const fields: (Buffer | undefined)[] = [];
  let from = at + 2;
  for (let rest = bytes.readInt16BE(at); rest > 0; rest -= 1) {
    const length = bytes.readInt32BE(from);
    from += 4;
    if (length < -1 || from + length > bytes.length) throw new RangeError(`field of ${length} bytes at ${from}`);
    fields.push(length === -1 ? undefined : bytes.subarray(from, from + length));
    from += Math.max(length, 0);
  }
  return fields;
}

/**
 * The first field of the row at `at`, read as a timestamptz: microseconds since the Unix epoch, or undefined where it is
 * not 8 bytes long.
 */
export function leadingTimestamp(bytes: Buffer, at: number): number | undefined {
  if (at + 14 > bytes.length || bytes.readInt32BE(at + 2) !== 8) return undefined;
  return bytes.readInt32BE(at + 6) * 4_294_967_296 + bytes.readUInt32BE(at + 10) + POSTGRES_EPOCH_MICROS;
}

const READERS: Record<ColumnType, (field: Buffer) => unknown> = {
  timestamptz: (field) => numberOf(sized(field, 8).readBigInt64BE() + BigInt(POSTGRES_EPOCH_MICROS)),
  int8: (field) => numberOf(sized(field, 8).readBigInt64BE()),
  int4: (field) => sized(field, 4).readInt32BE(),
  int2: (field) => sized(field, 2).readInt16BE(),
  char: (field) => sized(field, 1).toString('latin1'),
  inet: readInet,
  text: (field) => field.toString(),
  bool: (field) => sized(field, 1)[0] === 1,
  bytea: (field) => Buffer.from(field),
  'text[]': readTextArray,
  jsonb: readJsonb,
};

/** One dimension without NULLs, which is all that we write. */
function readTextArray(field: Buffer): string[] {
  const values: string[] = [];
  if (field.readInt32BE(0) === 0) return values;
  const count = field.readInt32BE(12);
  for (let at = 20; values.length < count;) {
    const length = field.readInt32BE(at);
    if (length < 0 || at + 4 + length > field.length) throw new RangeError(`element of ${length} bytes at ${at}`);
    values.push(field.toString('utf8', at + 4, at + 4 + length));
    at += 4 + length;
  }
  return values;
}

function readJsonb(field: Buffer): unknown {
  if (field[0] !== 1) throw new RangeError(`jsonb of version ${field[0]}`);
  return JSON.parse(field.toString('utf8', 1));
}

function sized(field: Buffer, length: number): Buffer {
  if (field.length !== length) throw new RangeError(`field of ${field.length} bytes, not ${length}`);
  return field;
}

function numberOf(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function readInet(field: Buffer): string {
  const isV4 = field[0] === PGSQL_AF_INET;
  const size = isV4 ? 4 : 16;
  if (field.length !== 4 + size || field[3] !== size) throw new RangeError(`inet of ${field.length} bytes`);
  const address = isV4 ? field.subarray(4).join('.') : ipv6Text(field.subarray(4));
  return field[1] === size * 8 ? address : `${address}/${field[1]}`;
}

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as "::". */
function ipv6Text(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(group * 2));
  let runStart = 0;
  let runLength = 0;
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length += 1;
    if (length > runLength) [runStart, runLength] = [start, length];
  }
  const hex = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  if (runLength < 2) return hex(0, 8);
  return `${hex(0, runStart)}::${hex(runStart + runLength, 8)}`;
}
