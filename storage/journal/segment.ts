import { type FileHandle, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type BatchHeader,
  decodeBatch,
  MAGIC,
  parseHeader,
  PREFIX_BYTES,
  readPrefix,
  type SealedBatch,
} from '../batch/batch-format.ts';
import type { ReadMemory } from './read-memory.ts';

/** One batch in a segment. */
export interface Entry {
  readonly segment: Segment;
  readonly offset: number;
  readonly bytes: number;
  readonly id: string;
  readonly table: string;
  readonly rows: number;
  readonly earliestMicros: number;
  /** The batch itself, while it is kept in memory. */
  batch: SealedBatch | undefined;
  done: boolean;
}

const WINDOW_BYTES = 65_536;
const DONE_BYTES = 4;

/**
 * A file of batches in their on-disk form, back to back, and beside it a file of the offsets (uint32 big-endian) of those that
 * are done. The latter is never synced: what it forgets in a power cut, the ledger knows.
 */
export class Segment {
  readonly sequence: number;
  readonly path: string;
  /** Bytes of whole batches. */
  size = 0;
  /** All batches, or undefined while the segment is neither written nor read: then only the totals are kept. */
  entries: Entry[] | undefined = [];
  /** Batches and rows that are not done. */
  waitingBatches = 0;
  waitingRows = 0;
  waitingBytes = 0;
  readonly waitingRowsByTable = new Map<string, number>();
  /** Of the first batch, microseconds since the Unix epoch. */
  firstMicros = 0;
  #handle: Promise<FileHandle> | undefined;
  #done: number[] = [];
  #markingDone: Promise<void> | undefined;
  #isRemoved = false;
  #window: { offset: number; bytes: Buffer } | undefined;

  constructor(path: string, sequence: number) {
    this.path = path;
    this.sequence = sequence;
  }

  /** Creates the file. */
  async create(): Promise<void> {
    this.#handle = open(this.path, 'wx+', 0o600);
    await this.#handle;
  }

  /** Writes batches behind the last one. */
  async write(batches: readonly SealedBatch[]): Promise<Entry[]> {
    let at = this.size;
    const handle = await this.#open();
    const buffers = batches.map((batch) => batch.encoded);
    for (let rest = buffers; rest.length > 0;) {
      const { bytesWritten } = await handle.writev(rest, at);
      at += bytesWritten;
      rest = behind(rest, bytesWritten);
    }
    return batches.map((batch) => this.#add(batch, batch.encoded.length, batch));
  }

  async sync(): Promise<void> {
    if (this.#isRemoved) return;
    const handle = await this.#open();
    await handle.datasync();
    // The file's name must survive as well.
    await using directory = await open(dirname(this.path), 'r');
    await directory.sync();
  }

  /** The batch of `entry`, from the file, in memory of `memory`; undefined where its bytes are no longer what they were. */
  async read(entry: Entry, memory: ReadMemory): Promise<SealedBatch | undefined> {
    const buffer = memory.take(entry.bytes);
    const { bytesRead } = await (await this.#open()).read(buffer, 0, entry.bytes, entry.offset);
    const batch = decodeBatch(buffer.subarray(0, bytesRead), () => memory.give(buffer));
    if (batch?.id === entry.id) return batch;
    memory.give(buffer);
    return undefined;
  }

  async readBytes(offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length);
    const { bytesRead } = await (await this.#open()).read(bytes, 0, length, offset);
    return bytes.subarray(0, bytesRead);
  }

  markDone(entry: Entry): void {
    if (entry.done) return;
    this.#countDone(entry);
    this.#done.push(entry.offset);
    this.#markingDone ??= this.#writeDone();
  }

  /** Forgets the batches but for their totals, and closes the file. */
  async coolDown(): Promise<void> {
    this.entries = undefined;
    await this.close();
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await this.#markingDone;
    await (await handle?.catch(() => undefined))?.close();
  }

  /** Deletes the files. */
  async remove(): Promise<void> {
    this.#isRemoved = true;
    await this.close();
    // In this order: what is done in this file must never be taken for done in a later one of the same name.
    await rm(donePath(this.path), { force: true });
    await rm(this.path, { force: true });
  }

  /**
   * Reads which batches are in the file, from their headers; the bodies are looked at only where `verify` says so.
   * @returns what lies between or behind the batches and is none
   */
  async load(verify: boolean): Promise<{ offset: number; bytes: number }[]> {
    const fileBytes = (await stat(this.path)).size;
    const done = await this.#readDone();
    const found: { header: BatchHeader; offset: number; bytes: number }[] = [];
    const garbage: { offset: number; bytes: number }[] = [];
    for (let at = 0; at < fileBytes;) {
      const batch = await this.#headerAt(at, fileBytes, verify);
      if (batch === undefined) {
        const next = await this.#findBatch(at + 1, fileBytes);
        garbage.push({ offset: at, bytes: next - at });
        at = next;
      } else {
        found.push({ ...batch, offset: at });
        at += batch.bytes;
      }
    }
    this.#window = undefined;
    // Not before here, and in one go: whoever looks at the totals meanwhile must not find nothing waiting.
    this.entries = [];
    this.waitingRowsByTable.clear();
    [this.size, this.waitingBatches, this.waitingRows, this.waitingBytes] = [0, 0, 0, 0];
    for (const { header, offset, bytes } of found) {
      this.size = offset;
      const entry = this.#add(header, bytes, undefined);
      if (done.has(offset)) this.#countDone(entry);
    }
    return garbage;
  }

  /** Cuts the file behind the last batch. */
  async truncate(): Promise<void> {
    await truncate(this.path, this.size);
  }

  #add(header: BatchHeader, bytes: number, batch: SealedBatch | undefined): Entry {
    const { id, table, rows, earliestMicros } = header;
    const entry = { segment: this, offset: this.size, bytes, id, table, rows, earliestMicros, batch, done: false };
    if (this.size === 0) this.firstMicros = earliestMicros;
    this.entries?.push(entry);
    this.size += bytes;
    this.#countWaiting(entry, 1);
    return entry;
  }

  #countDone(entry: Entry): void {
    entry.done = true;
    this.#countWaiting(entry, -1);
  }

  #countWaiting({ table, rows, bytes }: Entry, sign: 1 | -1): void {
    this.waitingBatches += sign;
    this.waitingRows += sign * rows;
    this.waitingBytes += sign * bytes;
    this.waitingRowsByTable.set(table, (this.waitingRowsByTable.get(table) ?? 0) + sign * rows);
  }

  async #headerAt(
    at: number,
    fileBytes: number,
    verify: boolean,
  ): Promise<{ header: BatchHeader; bytes: number } | undefined> {
    const prefix = readPrefix(await this.#look(at, PREFIX_BYTES), 0);
    if (prefix === undefined) return undefined;
    const bytes = PREFIX_BYTES + prefix.headerBytes + prefix.bodyBytes;
    if (at + bytes > fileBytes) return undefined;
    if (verify && decodeBatch(await this.readBytes(at, bytes)) === undefined) return undefined;
    const json = await this.#look(at + PREFIX_BYTES, prefix.headerBytes);
    const header = parseHeader(json.toString());
    return header && { header, bytes };
  }

  // Headers of small batches lie close together: one read gets many of them.
  async #look(at: number, length: number): Promise<Buffer> {
    const window = this.#window;
    if (window !== undefined && at >= window.offset && at + length <= window.offset + window.bytes.length) {
      return window.bytes.subarray(at - window.offset, at - window.offset + length);
    }
    const bytes = await this.readBytes(at, WINDOW_BYTES);
    this.#window = { offset: at, bytes };
    return bytes.subarray(0, length);
  }

  /** Where the next whole batch starts, from `from` on; `fileBytes` where there is none. */
  async #findBatch(from: number, fileBytes: number): Promise<number> {
    const bytes = await this.readBytes(from, Math.max(0, fileBytes - from));
    const magic = Buffer.alloc(4);
    magic.writeUInt32BE(MAGIC);
    for (let at = bytes.indexOf(magic); at !== -1; at = bytes.indexOf(magic, at + 1)) {
      if (decodeBatch(bytes.subarray(at)) !== undefined) return from + at;
    }
    return fileBytes;
  }

  async #writeDone(): Promise<void> {
    try {
      while (this.#done.length > 0 && !this.#isRemoved && this.waitingBatches > 0) {
        const offsets = Buffer.alloc(this.#done.length * DONE_BYTES);
        for (const [index, offset] of this.#done.entries()) offsets.writeUInt32BE(offset, index * DONE_BYTES);
        this.#done = [];
        await writeFile(donePath(this.path), offsets, { flag: 'a', mode: 0o600 });
      }
    } catch {
      // It costs a look into the ledger after the next start, nothing more.
    } finally {
      this.#markingDone = undefined;
    }
  }

  async #readDone(): Promise<Set<number>> {
    const done = new Set<number>();
    const bytes = await readFile(donePath(this.path)).catch(() => Buffer.alloc(0));
    for (let at = 0; at + DONE_BYTES <= bytes.length; at += DONE_BYTES) done.add(bytes.readUInt32BE(at));
    return done;
  }

  #open(): Promise<FileHandle> {
    this.#handle ??= open(this.path, 'r+');
    return this.#handle;
  }
}

function donePath(segmentPath: string): string {
  return `${segmentPath}.done`;
}

function behind(buffers: readonly Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  const rest: Buffer[] = [];
  for (const buffer of buffers) {
    if (skip < buffer.length) rest.push(buffer.subarray(skip));
    skip = Math.max(0, skip - buffer.length);
  }
  return rest;
}
