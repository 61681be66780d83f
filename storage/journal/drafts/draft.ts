import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { BatchDraft } from '../../queue.ts';
import { CHUNK_HEAD_BYTES, TAKEN_BYTES, writeChunkHead } from './chunk-format.ts';
import type { DraftFile } from './draft-file.ts';
import { MAX_NOTES_BYTES } from './draft-notes.ts';

/** Whose rows a draft holds. */
export interface DraftHeader {
  readonly id: string;
  readonly table: string;
  readonly columns: readonly string[];
}

/** Where a draft gets its file from. */
export interface DraftFiles {
  /** A file to write to; undefined where there is none. */
  take(): DraftFile | undefined;
  /** To be told that rows were written to the file. */
  written(file: DraftFile): void;
  giveBack(file: DraftFile): void;
  /** To be told that a file cannot be written, and is not used any more. */
  failed(file: DraftFile, error: unknown): void;
}

const UINT32 = 2 ** 32;
/** What a chunk's head and notes cover of the rows in front of it, while it is written. */
const covered = Buffer.alloc(CHUNK_HEAD_BYTES + MAX_NOTES_BYTES);
const NEWLINE = 10;

/**
 * The rows of one open batch, written down as they come.
 *
 *   empty ──write──▶ written ──released by all who hold it──▶ gone (the file goes back)
 *                       └── the file cannot be written: given up; the batch goes on without
 */
export class Draft implements BatchDraft {
  readonly #files: DraftFiles;
  readonly #header: Buffer;
  readonly #head = { generation: 0, headerBytes: 0, rowBytes: 0, rows: 0, earliestMicros: 0, latestMicros: 0 };
  #file: DraftFile | undefined;
  #isGivenUp = false;
  #holders = 1;
  /** Of what is written: end in the file, end in the batch's memory, rows, and their CRC-32. */
  #fileEnd = 0;
  #memoryEnd: number;
  #rows = 0;
  #crc = 0;

  /** @param bodyStart where the first row starts in the batch's memory; the first chunk's header goes in front of it */
  constructor(files: DraftFiles, header: DraftHeader, bodyStart: number) {
    this.#files = files;
    const { id, table, columns } = header;
    const json = { id, table, columns, rows: 0, earliestMicros: 0, latestMicros: 0 };
    this.#header = Buffer.from(JSON.stringify(json));
    assert(bodyStart >= TAKEN_BYTES + CHUNK_HEAD_BYTES + this.#header.length, 'no room for the header of a draft');
    this.#memoryEnd = bodyStart;
  }

  /**
   * Writes what was added since the last time. Never throws.
   * @param memory of the batch; what is in front of the new rows is changed, and restored.
   * @param end of the rows in it
   * @param rows of the batch
   * @param notes to be written with the rows, at most `MAX_NOTES_BYTES`
   * @returns whether the notes are written
   */
  write(
    memory: Buffer,
    end: number,
    rows: number,
    earliestMicros: number,
    latestMicros: number,
    notes?: Buffer,
  ): boolean {
    if (!this.lacks(end)) return false;
    const start = this.#memoryEnd;
    this.#crc = crc32(memory.subarray(start, end), this.#crc);
    const head = this.#head;
    head.rowBytes = end - start;
    head.rows = rows - this.#rows;
    head.earliestMicros = earliestMicros;
    head.latestMicros = latestMicros;
    this.#memoryEnd = end;
    this.#rows = rows;
    if (this.#file === undefined) return this.#begin(memory, start, end, notes);
    return this.#goOn(this.#file, memory, start, end, notes);
  }

  /** Whether rows up to `end` are to be written that are not. */
  lacks(end: number): boolean {
    return !this.#isGivenUp && end !== this.#memoryEnd;
  }

  /** CRC-32 of the rows up to `end` in the batch's memory, if it is known. */
  crcUpTo(end: number): number | undefined {
    return this.#isGivenUp || end !== this.#memoryEnd ? undefined : this.#crc;
  }

  /**
   * How many of the first rows somebody else writes, under the same id: who took the folder while this process was away.
   * What follows them must go under another.
   */
  takenRows(): number {
    return this.#file?.takenRows() ?? 0;
  }

  /** Those of rows that somebody else writes are not of its batch any more. */
  holdsAll(rows: number): boolean {
    return this.#file?.isLeft === false && !this.#isGivenUp && rows === this.#rows;
  }

  hold(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    const file = this.#file;
    this.#file = undefined;
    this.#isGivenUp = true;
    if (file !== undefined) this.#files.giveBack(file);
  }

  /** The first chunk, with the header, and the notes behind it as far as there is room, in front of the rows. */
  #begin(memory: Buffer, rowsStart: number, end: number, notes: Buffer | undefined): boolean {
    const file = this.#files.take();
    if (file === undefined) {
      this.#isGivenUp = true;
      return false;
    }
    this.#file = file;
    const json = this.#header;
    const most = rowsStart - TAKEN_BYTES - CHUNK_HEAD_BYTES - json.length;
    const noted = notes !== undefined && notes.length < most ? notes : undefined;
    const jsonStart = rowsStart - json.length - (noted === undefined ? 0 : 1 + noted.length);
    const jsonEnd = jsonStart + json.copy(memory, jsonStart);
    if (noted !== undefined) noted.copy(memory, memory.writeUInt8(NEWLINE, jsonEnd));
    const start = jsonStart - CHUNK_HEAD_BYTES;
    this.#head.generation = randomInt(UINT32);
    this.#head.headerBytes = rowsStart - jsonStart;
    writeChunkHead(memory, start, this.#head, this.#crc, memory.subarray(jsonStart, rowsStart));
    memory.writeUInt32BE(0, start - TAKEN_BYTES);
    return this.#put(file, memory, start - TAKEN_BYTES, end) && noted !== undefined;
  }

  /** A later chunk. One write of one piece of memory costs a third less than one of several, hence head and notes cover rows. */
  #goOn(file: DraftFile, memory: Buffer, rowsStart: number, end: number, notes: Buffer | undefined): boolean {
    const noted = notes !== undefined && notes.length <= rowsStart - CHUNK_HEAD_BYTES ? notes : undefined;
    const notesBytes = noted?.length ?? 0;
    const start = rowsStart - notesBytes - CHUNK_HEAD_BYTES;
    memory.copy(covered, 0, start, rowsStart);
    noted?.copy(memory, rowsStart - notesBytes);
    this.#head.headerBytes = notesBytes;
    writeChunkHead(memory, start, this.#head, this.#crc, noted);
    const isWritten = this.#put(file, memory, start, end);
    covered.copy(memory, start, 0, rowsStart - start);
    return isWritten && noted !== undefined;
  }

  #put(file: DraftFile, memory: Buffer, start: number, end: number): boolean {
    try {
      file.write(memory, start, end, this.#fileEnd);
      this.#fileEnd += end - start;
      this.#files.written(file);
      return true;
    } catch (error) {
      // What was written before stays until the batch is elsewhere: it is better than nothing.
      this.#isGivenUp = true;
      this.#files.failed(file, error);
      return false;
    }
  }
}
