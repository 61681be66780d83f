import { randomBytes } from 'node:crypto';
import { open, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../../src/runtime/clock.ts';
import { messageOf } from '../../../src/runtime/errors.ts';
import type { Log } from '../../../src/runtime/log.ts';
import { RateLimit } from '../../../src/runtime/rate-limit.ts';
import { Draft, type DraftFiles, type DraftHeader } from './draft.ts';
import { DraftFile } from './draft-file.ts';
import { DraftSync } from './draft-sync.ts';

/** Something with rows that its draft does not have yet: an open batch. */
export interface Drafted {
  /** Writes them. Never throws. */
  writeDraft(): void;
}

/** Batches that are open or on their way into the journal; further ones go without a draft. */
const MAX_FILES = 256;
/** Files that are kept for the next drafts; each is as long as its longest draft was. */
const MAX_IDLE_FILES = 16;

/**
 * Drafts of the open batches, in a folder of their own: at the end of each turn of the event loop the rows that were committed
 * in it are in the page cache, and outlive the process. Until the batch is in the journal, where the draft's file is used again.
 *
 *   (idle) ──take──▶ in use ──giveBack──▶ idle, or deleted
 *                      └── cannot be written ──giveBack──▶ deleted
 */
export class DraftStore implements DraftFiles {
  /** Batches that went on without a draft, or with a part of one, since the start. */
  givenUp = 0;
  #directory: string;
  readonly #maxIdleBytes: number;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #sync: DraftSync;
  readonly #troubleLimit = new RateLimit(1, 10_000);
  readonly #inUse = new Set<DraftFile>();
  readonly #closing = new Set<Promise<void>>();
  #idle: DraftFile[] = [];
  #due: Drafted[] = [];
  #isOpen = false;
  readonly #writeDue = (): void => {
    for (const batch of this.#due) batch.writeDraft();
    this.#due.length = 0;
  };

  /**
   * @param syncMs how long rows may be in the page cache only; 0: as long as their batch is open
   * @param maxIdleBytes of files that are kept for the next drafts
   */
  constructor(directory: string, syncMs: number, clock: Clock, log: Log, maxIdleBytes = Infinity) {
    this.#directory = directory;
    this.#maxIdleBytes = maxIdleBytes;
    this.#clock = clock;
    this.#log = log;
    this.#sync = new DraftSync(syncMs, clock, (file) => this.#syncFile(file));
  }

  /** On the disk, of those in use and of those that are kept. */
  get bytes(): number {
    let bytes = this.#idleBytes;
    for (const { size } of this.#inUse) bytes += size;
    return bytes;
  }

  /** From here on drafts are written; before, and after `close`, batches do without. */
  open(): void {
    this.#isOpen = true;
  }

  /** New drafts are begun in `directory`: what is in the old folder is somebody else's. */
  moveTo(directory: string): void {
    for (const file of this.#idle) this.#finish(file.close());
    this.#idle = [];
    for (const file of this.#inUse) file.isLeft = true;
    this.#directory = directory;
  }

  /** A draft for a batch that has just begun; it takes a file with its first rows. */
  begin(header: DraftHeader, bodyStart: number): Draft {
    return new Draft(this, header, bodyStart);
  }

  /** Has `batch` write its draft at the end of this turn of the event loop, once for each call. */
  atEndOfTurn(batch: Drafted): void {
    if (this.#due.push(batch) === 1) setImmediate(this.#writeDue);
  }

  take(): DraftFile | undefined {
    if (!this.#isOpen) return undefined;
    try {
      const file = this.#idle.pop() ?? this.#create();
      this.#inUse.add(file);
      return file;
    } catch (error) {
      this.#giveUp(messageOf(error));
      return undefined;
    }
  }

  written(file: DraftFile): void {
    this.#sync.written(file);
  }

  failed(file: DraftFile, error: unknown): void {
    file.isBroken = true;
    this.#giveUp(messageOf(error));
  }

  giveBack(file: DraftFile): void {
    this.#inUse.delete(file);
    this.#sync.released(file);
    const isUsable = this.#isInvalidated(file);
    const isOurs = dirname(file.path) === this.#directory;
    const hasPlace = this.#idle.length < MAX_IDLE_FILES && this.#idleBytes + file.size <= this.#maxIdleBytes;
    if (isUsable && isOurs && this.#isOpen && hasPlace) this.#idle.push(file);
    else this.#finish(isOurs ? file.remove() : file.close());
  }

  /** Deletes the files. Drafts that nobody released stay for the next start. */
  async close(): Promise<void> {
    this.#isOpen = false;
    await this.#sync.stop();
    for (const file of this.#idle) this.#finish(file.remove());
    for (const file of this.#inUse) this.#finish(file.close());
    this.#idle = [];
    this.#inUse.clear();
    await Promise.all(this.#closing);
    await rmdir(this.#directory).catch(() => {}); // missing, or not empty
  }

  get #idleBytes(): number {
    return this.#idle.reduce((sum, { size }) => sum + size, 0);
  }

  /** @throws what the file system says */
  #create(): DraftFile {
    if (this.#inUse.size >= MAX_FILES) throw new Error(`${MAX_FILES} drafts are in use`);
    return new DraftFile(join(this.#directory, `${randomBytes(8).toString('hex')}.draft`));
  }

  /** Whether the file may be used again. One that says of a written batch that it is a draft costs a look at the next start. */
  #isInvalidated(file: DraftFile): boolean {
    if (file.isBroken) return false;
    try {
      file.invalidate();
      return true;
    } catch {
      return false;
    }
  }

  async #syncFile(file: DraftFile): Promise<void> {
    try {
      await file.sync();
      // The names must survive as well: that of the file, and that of the folder.
      if (file.isNameSynced) return;
      for (const path of [this.#directory, dirname(this.#directory)]) await syncDirectory(path);
      file.isNameSynced = true;
    } catch (error) {
      this.#trouble({ error: messageOf(error) }, 'a draft cannot be synced');
    }
  }

  #finish(end: Promise<void>): void {
    const ended = end
      .catch((error: unknown) => this.#trouble({ error: messageOf(error) }, 'a draft cannot be put away'))
      .finally(() => this.#closing.delete(ended));
    this.#closing.add(ended);
  }

  #giveUp(why: string): void {
    this.givenUp += 1;
    this.#trouble({ error: why }, 'rows that are not in the journal yet would not survive a crash: no draft');
  }

  #trouble(fields: Record<string, unknown>, message: string): void {
    const { passed, suppressed } = this.#troubleLimit.take(this.#clock.monotonicMs());
    if (passed) this.#log.error({ ...fields, suppressed }, message);
  }
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}
