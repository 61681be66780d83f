import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type BatchHeader, decodeBatch, type SealedBatch } from '../../batch/batch-format.ts';
import type { ReadMemory } from './read-memory.ts';
import { type Garbage, scanSegment } from './segment-scan.ts';

/** One batch in a segment. */
export interface Entry {
  readonly segment: Segment;
  readonly offset: number;
  readonly bytes: number;
  readonly id: string;
  readonly table: string;
  readonly rows: number;
  /** Since when it waits, by the monotonic clock; an estimate where an earlier process accepted it. */
  readonly sinceMs: number;
  /** The batch itself, while it is kept in memory. */
  batch: SealedBatch | undefined;
  done: boolean;
}

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
  /** Since when its first batch waits, by the monotonic clock. */
  firstSinceMs = 0;
  /** `dwb2` where it holds something of that version of the format: then it is renamed where others are deleted. */
  otherVersion: string | undefined;
  #handle: Promise<FileHandle> | undefined;
  #done: number[] = [];
  #markingDone: Promise<void> | undefined;
  #isRemoved = false;
  /** Where damaged batches are: the file is not read there again. */
  readonly #damaged = new Set<number>();
  #firstMicros = 0;

  constructor(path: string, sequence: number) {
    this.path = path;
    this.sequence = sequence;
  }

  /** Creates the file. */
  async create(): Promise<void> {
    this.#handle = open(this.path, 'wx+', 0o600);
    await this.#handle;
  }

  /** Writes batches behind the last one. They are nothing yet: `add` makes them entries, `undo` takes them out again. */
  async write(batches: readonly SealedBatch[]): Promise<void> {
    let at = this.size;
    const handle = await this.#open();
    for (let rest = batches.map((batch) => batch.encoded); rest.length > 0;) {
      const { bytesWritten } = await handle.writev(rest, at);
      at += bytesWritten;
      rest = behind(rest, bytesWritten);
    }
  }

  /** Takes in what was written just before. @param nowMs by the monotonic clock */
  add(batches: readonly SealedBatch[], nowMs: number): Entry[] {
    return batches.map((batch) => this.#add(batch, batch.encoded.length, batch, nowMs));
  }

  /** Cuts off what was written and not added. */
  async undo(): Promise<void> {
    await (await this.#open()).truncate(this.size);
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

  /**
   * Deletes the files.
   * @param whenUnlinked called while the file has no name any more, and can still be read
   */
  async remove(whenUnlinked?: () => Promise<void>): Promise<void> {
    if (whenUnlinked !== undefined) await this.#prepareLastLook().catch(() => undefined);
    this.#isRemoved = true;
    try {
      // In this order: what is done in this file must never be taken for done in a later one of the same name.
      await this.#markingDone;
      await rm(donePath(this.path), { force: true });
      if (this.otherVersion === undefined) await rm(this.path, { force: true });
      else await rename(this.path, `${this.path}.${this.otherVersion}`);
    } finally {
      await whenUnlinked?.();
      await this.close();
    }
  }

  /** Leaves the files to somebody else. */
  async abandon(): Promise<void> {
    this.#isRemoved = true;
    await this.close();
  }

  /** Whether the files are gone, or not ours. */
  get isGone(): boolean {
    return this.#isRemoved;
  }

  /**
   * Reads which batches are in the file, from their headers; the bodies are looked at only where `verify` says so.
   * @param sinceOf since when a batch of an earlier process waits, by the monotonic clock, from the time of its first row
   * @returns what lies between or behind the batches and is none
   */
  async load(verify: boolean, sinceOf?: (earliestMicros: number) => number): Promise<Garbage[]> {
    const done = await this.#readDone();
    const { found, garbage } = await scanSegment(await this.#open(), verify);
    // Not before here, and in one go: whoever looks at the totals meanwhile must not find nothing waiting.
    this.entries = [];
    this.waitingRowsByTable.clear();
    [this.size, this.waitingBatches, this.waitingRows, this.waitingBytes] = [0, 0, 0, 0];
    for (const { header, offset, bytes } of found) {
      if (this.#damaged.has(offset)) continue;
      this.size = offset;
      const sinceMs = sinceOf?.(header.earliestMicros) ?? this.#sinceOf(header.earliestMicros);
      const entry = this.#add(header, bytes, undefined, sinceMs);
      if (done.has(offset)) this.#countDone(entry);
    }
    for (const { offset, kind, version } of garbage) {
      if (kind === 'damaged') this.#damaged.add(offset);
      this.otherVersion ??= version;
    }
    return garbage;
  }

  #add(header: BatchHeader, bytes: number, batch: SealedBatch | undefined, sinceMs: number): Entry {
    const { id, table, rows, earliestMicros } = header;
    const entry = { segment: this, offset: this.size, bytes, id, table, rows, sinceMs, batch, done: false };
    if (this.#firstMicros === 0) [this.#firstMicros, this.firstSinceMs] = [earliestMicros, sinceMs];
    this.entries?.push(entry);
    this.size += bytes;
    this.#countWaiting(entry, 1);
    return entry;
  }

  // A batch that this process knew once: as much later than the first one as its rows are.
  #sinceOf(earliestMicros: number): number {
    return this.firstSinceMs + Math.max(0, earliestMicros - this.#firstMicros) / 1000;
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

  /** Opens the file and learns what is in it, while it has a name. */
  async #prepareLastLook(): Promise<void> {
    await this.#markingDone;
    await this.#open();
    if (this.entries === undefined) await this.load(false);
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
