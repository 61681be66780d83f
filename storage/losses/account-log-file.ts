import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AccountLog, LeftAccount, LoggedAccount } from '../../collectors/accounts/logged-account.ts';
import { messageOf } from '../../src/runtime/errors.ts';
import type { Log } from '../../src/runtime/log.ts';
import type { Drafted, DraftStore } from '../journal/drafts/draft-store.ts';
import { MAX_NOTES_BYTES, type DraftNotes } from '../journal/drafts/draft-notes.ts';
import { AccountChunk } from './account-chunk.ts';
import { ACCOUNTS_FILE, readAccounts } from './account-chunks.ts';
import { NotedAccounts, type NotingLog } from './noted-accounts.ts';

/** When the log is begun anew: so much longer than when it began. */
const MAX_GROWTH_BYTES = 32 << 20;
/** After a failure. */
const RETRY_MS = 5000;
let serials = 0;

/**
 * What the accounts of a worker stand at, in a file of its journal's folder: at the end of each turn of the event loop, behind the
 * drafts of the rows, what changed in it is in the page cache, and outlives the process. Accounts of senders whose rows are drafted in
 * the turn are noted with these instead (`withRows`), and come into the file when their batch is sealed. A log that has grown is begun
 * anew from what all accounts stand at, in a file beside it that takes its name.
 *
 *   closed ──open──▶ empty ──changed──▶ due ──end of the turn──▶ written ──grown──▶ begun anew
 *                                        ├── with rows ──▶ noted ──batch sealed──▶ written
 *                                        └── cannot be written: without, until it is begun anew
 */
export class AccountLogFile implements AccountLog, Drafted, NotingLog {
  /** Turns of which nothing could be written, since the start. */
  failures = 0;
  readonly #directory: () => string;
  readonly #all: () => Iterable<LoggedAccount>;
  readonly #drafts: DraftStore;
  readonly #log: Log;
  readonly #chunk = new AccountChunk();
  /** Those that are in no rows. */
  readonly #others = new NotedAccounts(this);
  readonly #noting = [this.#others];
  #isScheduled = false;
  #isLast = false;
  #isClosed = true;
  #fd = -1;
  #openIn = '';
  #serial = 0;
  /** The log's own number, at random. */
  #id = 0;
  #turn = 0;
  #accounts = 0;
  #length = 0;
  #maxLength = 0;
  #failedAtMs = -Infinity;

  /**
   * @param directory of the journal; it may become another one
   * @param all accounts that there are, for a log that is begun anew
   */
  constructor(directory: () => string, drafts: DraftStore, all: () => Iterable<LoggedAccount>, log: Log) {
    this.#directory = directory;
    this.#drafts = drafts;
    this.#all = all;
    this.#log = log;
  }

  /** Takes the place of what an earlier process left. */
  open(): void {
    this.#isClosed = false;
    this.#tryToBegin(this.#all());
  }

  readonly changed = (account: LoggedAccount): void => this.#others.changed(account);

  /** For accounts that count the rows of `batch`. */
  withRows(batch: { notes: DraftNotes | undefined }): AccountLog {
    const accounts = new NotedAccounts(this);
    this.#noting.push(accounts);
    batch.notes = accounts;
    return accounts;
  }

  due(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#drafts.atEndOfTurn(this);
  }

  /** Rows first: counts without their rows could not be told from rows that were lost. So it goes to the end of the line once. */
  writeDraft(): void {
    this.#isLast = !this.#isLast;
    if (this.#isLast) return this.#drafts.atEndOfTurn(this);
    this.#isScheduled = false;
    this.#writeDue();
  }

  chunkOf(accounts: NotedAccounts): Buffer | undefined {
    if (this.#isClosed || !this.#isUsable()) return undefined;
    this.#beginChunk();
    for (const account of accounts.waiting) {
      accounts.noted.add(account);
      this.#chunk.add(account, this.#isNew(account));
      if (!this.#chunk.hasRoom()) break;
    }
    const chunk = this.#chunk.end();
    if (chunk.length <= MAX_NOTES_BYTES) return chunk;
    accounts.refused();
    return undefined;
  }

  repeat(accounts: NotedAccounts): void {
    accounts.isRepeatDue = false;
    if (accounts.noted.size === 0 || this.#isClosed) return;
    // Begun anew at the end of the turn, it has them as well.
    if (this.#fd < 0 || this.#openIn !== this.#directory()) return this.due();
    this.#tryTo(() => this.#writeAll(accounts.noted, true));
    accounts.noted.clear();
  }

  /** Leaves what the next start needs; no file where that is nothing. */
  close(lasting: Iterable<LoggedAccount>): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#clearDue();
    this.#tryToBegin(lasting);
    this.#closeFile();
    if (this.#accounts === 0) rmSync(join(this.#openIn, ACCOUNTS_FILE), { force: true });
  }

  #writeDue(): void {
    for (const accounts of this.#noting) if (accounts.isRepeatDue) this.repeat(accounts);
    if (!this.#isClosed) {
      if (this.#isUsable()) this.#tryTo(() => this.#writeWaiting());
      else if (performance.now() - this.#failedAtMs >= RETRY_MS) this.#tryToBegin(this.#all());
    }
    this.#clearDue();
  }

  /** @throws what the file system says */
  #writeWaiting(): void {
    for (const { waiting } of this.#noting) if (waiting.length > 0) this.#writeAll(waiting);
  }

  #isUsable(): boolean {
    return this.#fd >= 0 && this.#openIn === this.#directory() && this.#length < this.#maxLength;
  }

  #clearDue(): void {
    for (const accounts of this.#noting) accounts.clear();
  }

  #tryToBegin(accounts: Iterable<LoggedAccount>): void {
    this.#tryTo(() => this.#begin(accounts));
  }

  #tryTo(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @throws what the file system says */
  #begin(accounts: Iterable<LoggedAccount>): void {
    this.#closeFile();
    const directory = this.#directory();
    const path = join(directory, ACCOUNTS_FILE);
    this.#fd = openSync(`${path}.new`, 'w', 0o600);
    this.#openIn = directory;
    serials += 1;
    this.#serial = serials;
    this.#id = newLogNumber();
    this.#turn = 0;
    this.#accounts = 0;
    this.#length = 0;
    for (const { noted } of this.#noting) noted.clear();
    this.#writeAll(accounts);
    renameSync(`${path}.new`, path);
    this.#maxLength = this.#length + MAX_GROWTH_BYTES;
  }

  /** @throws what the file system says */
  #writeAll(accounts: Iterable<LoggedAccount>, isDescribed = false): void {
    this.#beginChunk();
    for (const account of accounts) {
      if (!this.#chunk.hasRoom()) {
        this.#write(this.#chunk.end());
        this.#beginChunk();
      }
      this.#chunk.add(account, this.#isNew(account) || isDescribed);
    }
    this.#write(this.#chunk.end());
  }

  #beginChunk(): void {
    this.#turn += 1;
    this.#chunk.begin(this.#id, this.#turn);
  }

  /** Whether the log has not had it; then it gets a number. */
  #isNew(account: LoggedAccount): boolean {
    if (account.logSerial === this.#serial) return false;
    account.logSerial = this.#serial;
    account.logNumber = this.#accounts;
    this.#accounts += 1;
    return true;
  }

  /** @throws what the file system says */
  #write(chunk: Buffer): void {
    const written = writeSync(this.#fd, chunk, 0, chunk.length, this.#length);
    if (written < chunk.length) throw new Error(`${written} of ${chunk.length} bytes were written`);
    this.#length += chunk.length;
  }

  #fail(error: unknown): void {
    this.failures += 1;
    this.#failedAtMs = performance.now();
    // Once; the journal, on the same disk, says so again and again.
    if (this.failures === 1)
      this.#log.error({ error: messageOf(error) }, 'what is counted of losses would not survive a crash');
    this.#closeFile();
  }

  #closeFile(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}

/** From 1 to 2^53 - 1. */
function newLogNumber(): number {
  return 1 + Math.floor(Math.random() * (Number.MAX_SAFE_INTEGER - 1));
}

/**
 * What an earlier process left in a journal's folder; nothing where there is no such file.
 * @throws what the file system says
 */
export async function leftAccounts(directory: string): Promise<LeftAccount[]> {
  const bytes = await readFile(join(directory, ACCOUNTS_FILE)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  return readAccounts(bytes);
}

/** Once everything of it is in the loss ledger. @throws what the file system says */
export async function removeAccounts(directory: string): Promise<void> {
  for (const name of [ACCOUNTS_FILE, `${ACCOUNTS_FILE}.new`]) await rm(join(directory, name), { force: true });
}
