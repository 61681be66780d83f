import { close, constants, fdatasync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { TAKEN_BYTES } from './chunk-format.ts';

const CREATE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
const NOTHING = Buffer.alloc(TAKEN_BYTES + 4);

/** A file for one draft after another. Written synchronously: into the page cache, which outlives the process. */
export class DraftFile {
  readonly path: string;
  /** It could not be written: not to be used again. */
  isBroken = false;
  /** It is in a folder that is somebody else's: what is written to it may be deleted. */
  isLeft = false;
  /** Whether its name in the folder is synced as well. */
  isNameSynced = false;
  /** Bytes that it takes on the disk: as long as its longest draft was. */
  size = 0;
  readonly #fd: number;
  #syncing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Creates the file, and its folder where that is missing.
   * @throws what the file system says
   */
  constructor(path: string) {
    this.path = path;
    this.#fd = openedWithFolder(path);
  }

  /** @throws what the file system says; also where it took a part only */
  write(memory: Buffer, start: number, end: number, at: number): void {
    // Its number may be another file's by now.
    if (this.#closing !== undefined) throw new Error(`${this.path} is closed`);
    const written = writeSync(this.#fd, memory, start, end - start, at);
    this.size = Math.max(this.size, at + written);
    // What did not fit says why as soon as it is written alone.
    if (written < end - start) this.write(memory, start + written, end, at + written);
  }

  /** What is in it is no draft any more. */
  invalidate(): void {
    this.write(NOTHING, 0, NOTHING.length, 0);
  }

  /** How many rows of the draft somebody else has taken over; also where he has deleted the file since. */
  takenRows(): number {
    if (this.#closing !== undefined) return 0;
    const taken = Buffer.alloc(TAKEN_BYTES);
    try {
      readSync(this.#fd, taken, 0, TAKEN_BYTES, 0);
    } catch {
      return 0;
    }
    return taken.readUInt32BE(0);
  }

  /** What was written before is on the disk when this resolves. */
  sync(): Promise<void> {
    if (this.#closing !== undefined) return Promise.resolve();
    this.#syncing ??= promisify(fdatasync)(this.#fd).finally(() => (this.#syncing = undefined));
    return this.#syncing;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async remove(): Promise<void> {
    await this.close();
    await rm(this.path, { force: true });
  }

  async #close(): Promise<void> {
    await this.#syncing?.catch(() => {});
    await promisify(close)(this.#fd);
  }
}

function openedWithFolder(path: string): number {
  try {
    return openSync(path, CREATE, 0o600);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    mkdirSync(dirname(path), { mode: 0o700 });
    return openSync(path, CREATE, 0o600);
  }
}
