import { crc32 } from 'node:zlib';
import { concatCrc32 } from './crc32-concat.ts';

/**
 * The form of a batch outside of PostgreSQL: on disk, in a message queue, between nodes.
 *
 *   offset  bytes  what
 *        0      4  magic "DWB1"
 *        4      4  length of the header, uint32 big-endian
 *        8      4  length of the body, uint32 big-endian
 *       12      4  CRC-32 (zlib) of header and body
 *       16      …  header: JSON, see `BatchHeader`
 *        …      …  body: rows, tuples of PostgreSQL's binary COPY format
 *
 * It names its table and columns, so that a program of another version still writes the right values into the right columns.
 */
export interface BatchHeader {
  /** UUID, lower case. */
  readonly id: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** Earliest and latest `received_at` seen in the rows, microseconds since the Unix epoch; a hint, not a promise. */
  readonly earliestMicros: number;
  readonly latestMicros: number;
}

/** A batch that will not change any more. */
export interface SealedBatch extends BatchHeader {
  /** The rows alone. */
  readonly body: Buffer;
  /** The whole of it, as above; `body` is a view into it. */
  readonly encoded: Buffer;
  /** Says that `body` and `encoded` are not needed any more: the memory may be used again. At most once. */
  release(): void;
}

export const MAGIC = 0x44_57_42_31; // "DWB1"
export const PREFIX_BYTES = 16;
const MAX_HEADER_BYTES = 16_384;
const MAX_BODY_BYTES = 64 << 20;

const IDENTIFIER = /^[a-z_][a-z0-9_]{0,62}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The lengths that a prefix tells, or undefined where the 16 bytes at `at` are none. */
export function readPrefix(bytes: Buffer, at: number): { headerBytes: number; bodyBytes: number } | undefined {
  if (at + PREFIX_BYTES > bytes.length || bytes.readUInt32BE(at) !== MAGIC) return undefined;
  const headerBytes = bytes.readUInt32BE(at + 4);
  const bodyBytes = bytes.readUInt32BE(at + 8);
  if (headerBytes < 2 || headerBytes > MAX_HEADER_BYTES || bodyBytes > MAX_BODY_BYTES) return undefined;
  return { headerBytes, bodyBytes };
}

/**
 * Encodes `header` in front of a body that is already in place: prefix and header end where the body starts.
 * @param bodyCrc CRC-32 of the body where it is known already
 * @returns the whole encoding, a view of `memory`
 * @throws RangeError where there is no room for it before `bodyStart`
 */
export function encodeInFront(
  header: BatchHeader,
  memory: Buffer,
  bodyStart: number,
  bodyEnd: number,
  bodyCrc: number = crc32(memory.subarray(bodyStart, bodyEnd)),
): Buffer {
  const { id, table, columns, rows, earliestMicros, latestMicros } = header;
  const json = Buffer.from(JSON.stringify({ id, table, columns, rows, earliestMicros, latestMicros }));
  const start = bodyStart - json.length - PREFIX_BYTES;
  if (start < 0) throw new RangeError(`no room for a header of ${json.length} bytes`);
  json.copy(memory, start + PREFIX_BYTES);
  memory.writeUInt32BE(MAGIC, start);
  memory.writeUInt32BE(json.length, start + 4);
  memory.writeUInt32BE(bodyEnd - bodyStart, start + 8);
  memory.writeUInt32BE(concatCrc32(crc32(json), bodyCrc, bodyEnd - bodyStart), start + 12);
  return memory.subarray(start, bodyEnd);
}

/**
 * Decodes what `encodeInFront` made. `bytes` may go on behind it; the result is a view.
 * @returns undefined where it is cut short, its CRC is wrong or its header is not valid
 */
export function decodeBatch(bytes: Buffer, release: () => void = () => {}): SealedBatch | undefined {
  const prefix = readPrefix(bytes, 0);
  if (prefix === undefined) return undefined;
  const bodyStart = PREFIX_BYTES + prefix.headerBytes;
  const end = bodyStart + prefix.bodyBytes;
  if (end > bytes.length || crc32(bytes.subarray(PREFIX_BYTES, end)) !== bytes.readUInt32BE(12)) return undefined;
  const header = parseHeader(bytes.toString('utf8', PREFIX_BYTES, bodyStart));
  return header && { ...header, body: bytes.subarray(bodyStart, end), encoded: bytes.subarray(0, end), release };
}

/** The header of JSON text, or undefined where it is not valid. Table and columns go into SQL: plain identifiers only. */
export function parseHeader(json: string): BatchHeader | undefined {
  let value: Record<string, unknown>;
  try {
    value = Object(JSON.parse(json));
  } catch {
    return undefined;
  }
  const { id, table, columns, rows, earliestMicros, latestMicros } = value;
  if (typeof id !== 'string' || !UUID.test(id) || !isIdentifier(table)) return undefined;
  if (!Array.isArray(columns) || columns.length === 0 || !columns.every(isIdentifier)) return undefined;
  if (!isCount(rows) || !isCount(earliestMicros) || !isCount(latestMicros)) return undefined;
  return { id, table, columns, rows, earliestMicros, latestMicros };
}

function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && IDENTIFIER.test(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
