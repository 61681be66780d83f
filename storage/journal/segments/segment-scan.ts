import type { FileHandle } from 'node:fs/promises';
import {
  type BatchHeader,
  decodeBatch,
  MAGIC,
  parseHeader,
  PREFIX_BYTES,
  readPrefix,
  type SealedBatch,
} from '../../batch/batch-format.ts';

/** A batch in a file, as its header tells. */
export interface FoundBatch {
  readonly header: BatchHeader;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * What lies between or behind the batches and is none: the end of one that was being written (`torn`), one that was changed
 * afterwards (`damaged`), or something of another version of the program.
 */
export interface Garbage {
  readonly offset: number;
  readonly bytes: number;
  readonly kind: 'torn' | 'damaged' | 'otherVersion';
  /** Of the format, as in the end of a file's name: `dwb2`. Undefined where it is none, or ours. */
  readonly version: string | undefined;
  /** Where a damaged batch still says what it was; it may say it wrongly. */
  readonly header: BatchHeader | undefined;
}

const WINDOW_BYTES = 65_536;
const SEARCH_BYTES = 1 << 20;
const MAGIC_BYTES = 4;

/**
 * Reads which batches are in a file, from their headers. The bodies are looked at where `verify` says so, and where what
 * follows a batch makes its length doubtful.
 */
export async function scanSegment(
  file: FileHandle,
  verify: boolean,
): Promise<{ found: FoundBatch[]; garbage: Garbage[] }> {
  const scan = new Scan(file, (await file.stat()).size);
  const found: FoundBatch[] = [];
  const garbage: Garbage[] = [];
  for (let at = 0; at < scan.fileBytes;) {
    const batch = await scan.headerAt(at);
    const isFollowed = batch !== undefined && (await scan.isEndOrHeader(at + batch.bytes));
    if (batch !== undefined && ((isFollowed && !verify) || (await scan.batchAt(at)) !== undefined)) {
      found.push(batch);
      at += batch.bytes;
    } else {
      const next = isFollowed ? at + batch.bytes : await scan.findBatch(at + 1);
      const version = await scan.versionAt(at);
      const kind = version === undefined ? await scan.kindOf(at, next) : 'otherVersion';
      garbage.push({ offset: at, bytes: next - at, kind, version, header: isFollowed ? batch?.header : undefined });
      at = next;
    }
  }
  return { found, garbage };
}

class Scan {
  readonly fileBytes: number;
  readonly #file: FileHandle;
  #window: { offset: number; bytes: Buffer } | undefined;

  constructor(file: FileHandle, fileBytes: number) {
    this.#file = file;
    this.fileBytes = fileBytes;
  }

  /** As the header says; undefined where there is none, or the batch would be longer than the file. */
  async headerAt(offset: number): Promise<FoundBatch | undefined> {
    const prefix = readPrefix(await this.#look(offset, PREFIX_BYTES), 0);
    if (prefix === undefined) return undefined;
    const bytes = PREFIX_BYTES + prefix.headerBytes + prefix.bodyBytes;
    if (offset + bytes > this.fileBytes) return undefined;
    const json = await this.#look(offset + PREFIX_BYTES, prefix.headerBytes);
    const header = parseHeader(json.toString());
    return header && { header, offset, bytes };
  }

  async isEndOrHeader(offset: number): Promise<boolean> {
    return offset === this.fileBytes || readPrefix(await this.#look(offset, PREFIX_BYTES), 0) !== undefined;
  }

  /** The batch with a body that is what it was. */
  async batchAt(offset: number): Promise<SealedBatch | undefined> {
    const batch = await this.headerAt(offset);
    return batch && decodeBatch(await this.#read(offset, batch.bytes));
  }

  /** Where the next whole batch starts, from `from` on; the end of the file where there is none. */
  async findBatch(from: number): Promise<number> {
    const magic = Buffer.alloc(MAGIC_BYTES);
    magic.writeUInt32BE(MAGIC);
    for (let start = from; start < this.fileBytes; start += SEARCH_BYTES) {
      const bytes = await this.#read(start, SEARCH_BYTES + MAGIC_BYTES - 1);
      for (let at = bytes.indexOf(magic); at !== -1; at = bytes.indexOf(magic, at + 1)) {
        if ((await this.batchAt(start + at)) !== undefined) return start + at;
      }
    }
    return this.fileBytes;
  }

  /** Of what starts there, if it is a batch in another version of the format. */
  async versionAt(offset: number): Promise<string | undefined> {
    const magic = (await this.#look(offset, MAGIC_BYTES)).toString('latin1');
    return /^DWB[02-9A-Z]$/.test(magic) ? magic.toLowerCase() : undefined;
  }

  async kindOf(offset: number, end: number): Promise<'torn' | 'damaged'> {
    const start = await this.#look(offset, PREFIX_BYTES);
    if (end < this.fileBytes) return 'damaged';
    const prefix = readPrefix(start, 0);
    const isCut = prefix !== undefined && offset + PREFIX_BYTES + prefix.headerBytes + prefix.bodyBytes > end;
    return isCut || start.length < PREFIX_BYTES ? 'torn' : 'damaged';
  }

  // Headers of small batches lie close together: one read gets many of them.
  async #look(offset: number, length: number): Promise<Buffer> {
    let window = this.#window;
    if (window === undefined || offset < window.offset || offset + length > window.offset + window.bytes.length) {
      window = { offset, bytes: await this.#read(offset, WINDOW_BYTES) };
      this.#window = window;
    }
    return window.bytes.subarray(offset - window.offset, offset - window.offset + length);
  }

  async #read(offset: number, length: number): Promise<Buffer> {
    const wanted = Math.max(0, Math.min(length, this.fileBytes - offset));
    const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafeSlow(wanted), 0, wanted, offset);
    return buffer.subarray(0, bytesRead);
  }
}
