import { crc32 } from 'node:zlib';
import { type BatchHeader, parseHeader } from '../../batch/batch-format.ts';

/**
 * The form of a draft: four bytes, how many rows of it somebody else has taken over, uint32 big-endian (0: nobody has); then
 * chunks back to back, one for each turn of the event loop that added rows to the batch:
 *
 *   offset  bytes  what
 *        0      4  magic "DWD1"
 *        4      4  generation: a random number for each use of the file; what an earlier use left behind has another
 *        8      4  length of the header, uint32 big-endian; 0 where there is none
 *       12      4  length of the rows, uint32 big-endian
 *       16      4  number of rows, uint32 big-endian
 *       20      8  earliest `received_at` of the batch so far, microseconds since the Unix epoch, a double
 *       28      8  latest
 *       36      4  CRC-32 of all rows of the batch so far, then the header, then the 36 bytes above
 *       40      …  header: of the first chunk JSON of a `BatchHeader` with neither rows nor times yet, and where there are notes a newline
 *                  and those; of later ones the notes alone. Notes are whatever somebody else wants to keep with these rows.
 *        …      …  rows
 *
 * The CRC goes on from chunk to chunk since the sealed batch needs that of all rows in any case: so a draft costs none.
 */
export const CHUNK_HEAD_BYTES = 40;
/** In front of the first chunk. */
export const TAKEN_BYTES = 4;
const MAGIC = 0x44_57_44_31; // "DWD1"
const CRC_AT = 36;
const NEWLINE = 10;

/** What a chunk says of itself. */
export interface ChunkHead {
  readonly generation: number;
  readonly headerBytes: number;
  readonly rowBytes: number;
  readonly rows: number;
  readonly earliestMicros: number;
  readonly latestMicros: number;
}

// Made here and copied into place: so the CRC needs no view of the batch's memory, and a turn leaves no garbage for it.
const made = Buffer.alloc(CHUNK_HEAD_BYTES);
const madeBeforeCrc = made.subarray(0, CRC_AT);

/**
 * Writes the head of a chunk at `at`.
 * @param body CRC-32 of all rows of the batch, those of this chunk included
 * @param header its bytes; undefined where there is none
 */
export function writeChunkHead(
  out: Buffer,
  at: number,
  head: ChunkHead,
  body: number,
  header: Buffer | undefined,
): void {
  made.writeUInt32BE(MAGIC, 0);
  made.writeUInt32BE(head.generation, 4);
  made.writeUInt32BE(head.headerBytes, 8);
  made.writeUInt32BE(head.rowBytes, 12);
  made.writeUInt32BE(head.rows, 16);
  made.writeDoubleBE(head.earliestMicros, 20);
  made.writeDoubleBE(head.latestMicros, 28);
  made.writeUInt32BE(crc32(madeBeforeCrc, header === undefined ? body : crc32(header, body)), CRC_AT);
  made.copy(out, at);
}

/** The batch of a draft, as far as its chunks are whole. */
export interface DraftedBatch {
  readonly header: BatchHeader;
  /** Its rows, in pieces; views of the draft. */
  readonly pieces: readonly Buffer[];
  /** What was noted with them; views of the draft. */
  readonly notes: readonly Buffer[];
}

/**
 * Reads a draft up to the first chunk that is cut short, damaged or of another use of the file, and no further than somebody
 * has taken it over before; undefined where that is the first.
 */
export function readChunks(bytes: Buffer): DraftedBatch | undefined {
  const first = readChunkHead(bytes, TAKEN_BYTES);
  const header = first && headerOf(bytes, first);
  if (header === undefined) return undefined;
  const pieces: Buffer[] = [];
  const notes: Buffer[] = [];
  let { rows, earliestMicros, latestMicros } = header;
  const mostRows = bytes.readUInt32BE(0) || Infinity;
  let crc = 0;
  for (
    let at = TAKEN_BYTES, head = first;
    rows < mostRows && head?.generation === first?.generation && head !== undefined;
  ) {
    const rowsStart = at + CHUNK_HEAD_BYTES + head.headerBytes;
    const end = rowsStart + head.rowBytes;
    if (end > bytes.length) break;
    const piece = bytes.subarray(rowsStart, end);
    crc = crc32(piece, crc);
    if (crcOfHead(bytes, at, rowsStart, crc) !== bytes.readUInt32BE(at + CRC_AT)) break;
    pieces.push(piece);
    const noted = notesIn(bytes.subarray(at + CHUNK_HEAD_BYTES, rowsStart), head === first);
    if (noted.length > 0) notes.push(noted);
    ({ earliestMicros, latestMicros } = head);
    rows += head.rows;
    at = end;
    head = readChunkHead(bytes, at);
  }
  return pieces.length === 0 ? undefined : { header: { ...header, rows, earliestMicros, latestMicros }, pieces, notes };
}

/** The id that a draft begins with, if it begins with a header at all; not verified. */
export function readDraftId(bytes: Buffer): string | undefined {
  const first = readChunkHead(bytes, TAKEN_BYTES);
  return first && headerOf(bytes, first)?.id;
}

function readChunkHead(bytes: Buffer, at: number): ChunkHead | undefined {
  if (at + CHUNK_HEAD_BYTES > bytes.length || bytes.readUInt32BE(at) !== MAGIC) return undefined;
  return {
    generation: bytes.readUInt32BE(at + 4),
    headerBytes: bytes.readUInt32BE(at + 8),
    rowBytes: bytes.readUInt32BE(at + 12),
    rows: bytes.readUInt32BE(at + 16),
    earliestMicros: bytes.readDoubleBE(at + 20),
    latestMicros: bytes.readDoubleBE(at + 28),
  };
}

function crcOfHead(bytes: Buffer, at: number, rowsStart: number, body: number): number {
  const header = bytes.subarray(at + CHUNK_HEAD_BYTES, rowsStart);
  return crc32(bytes.subarray(at, at + CRC_AT), crc32(header, body));
}

function headerOf(bytes: Buffer, { headerBytes }: ChunkHead): BatchHeader | undefined {
  const start = TAKEN_BYTES + CHUNK_HEAD_BYTES;
  if (start + headerBytes > bytes.length) return undefined;
  const header = bytes.subarray(start, start + headerBytes);
  const newline = header.indexOf(NEWLINE);
  return parseHeader(header.toString('utf8', 0, newline < 0 ? headerBytes : newline));
}

function notesIn(header: Buffer, isFirst: boolean): Buffer {
  if (!isFirst) return header;
  const newline = header.indexOf(NEWLINE);
  return header.subarray(newline < 0 ? header.length : newline + 1);
}
