import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AccountLog, LeftAccount, LoggedAccount } from '../../collectors/accounts/logged-account.ts';
import { messageOf } from '../../src/runtime/errors.ts';
import type { Log } from '../../src/runtime/log.ts';
import type { Drafted, DraftStore } from '../journal/drafts/draft-store.ts';
import {
  CHUNK_HEAD,
  DESCRIPTION,
  ENTRY_HEAD,
  MAGIC,
  NOTE,
  readAccounts,
  STATE,
  writeTextEntry,
} from './account-chunks.ts';

export const ACCOUNTS_FILE = 'accounts';

const CHUNK_NUMBERS = 1 << 16;
/** As `LoggedAccount.writeState` promises. */
const MAX_LOGGED_NUMBERS = 256;
/** The longest texts of an account, in numbers; longer ones are left out. */
const MAX_TEXT_NUMBERS = 1024;
const MAX_ENTRY_NUMBERS = 3 * ENTRY_HEAD + MAX_LOGGED_NUMBERS + 2 * MAX_TEXT_NUMBERS;
/** When the log is begun anew: so much longer than when it began. */
const MAX_GROWTH_BYTES = 32 << 20;
/** After a failure. */
const RETRY_MS = 5000;
let serials = 0;

/**
 * What the accounts of a worker stand at, in a file of its journal's folder: at the end of each turn of the event loop, behind the
 * drafts of the rows, what changed in it is in the page cache, and outlives the process. A log that has grown is begun anew from what
 * all accounts stand at, in a file beside it that takes its name.
 *
 *   closed ──open──▶ empty ──changed──▶ due ──end of the turn──▶ written ──grown──▶ begun anew
 *                                        └── cannot be written: without, until it is begun anew
 */
export class AccountLogFile implements AccountLog, Drafted {
  /** Turns of which nothing could be written, since the start. */
  failures = 0;
  readonly #directory: () => string;
  readonly #all: () => Iterable<LoggedAccount>;
  readonly #drafts: DraftStore;
  readonly #log: Log;
  readonly #numbers = new Float64Array(CHUNK_NUMBERS);
  readonly #bytes = Buffer.from(this.#numbers.buffer);
  #due: LoggedAccount[] = [];
  #isLast = false;
  #isClosed = true;
  #fd = -1;
  #openIn = '';
  #serial = 0;
  #accounts = 0;
  #position = CHUNK_HEAD;
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

  readonly changed = (account: LoggedAccount): void => {
    account.isLogDue = true;
    if (this.#due.push(account) === 1) this.#drafts.atEndOfTurn(this);
  };

  /** Rows first: counts without their rows could not be told from rows that were lost. So it goes to the end of the line once. */
  writeDraft(): void {
    this.#isLast = !this.#isLast;
    if (this.#isLast) this.#drafts.atEndOfTurn(this);
    else this.#writeDue();
  }

  /** Leaves what the next start needs; no file where that is nothing. */
  close(lasting: Iterable<LoggedAccount>): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#clearDue();
    this.#tryToBegin(lasting);
    this.#closeFile();
    if (this.#length === 0) rmSync(join(this.#openIn, ACCOUNTS_FILE), { force: true });
  }

  #writeDue(): void {
    if (this.#isClosed) this.#clearDue();
    else if (this.#fd >= 0 && this.#openIn === this.#directory() && this.#length < this.#maxLength) {
      try {
        this.#writeAll(this.#due);
      } catch (error) {
        this.#fail(error);
      }
    } else if (performance.now() - this.#failedAtMs >= RETRY_MS) {
      this.#tryToBegin(this.#all());
    }
    this.#clearDue();
  }

  #clearDue(): void {
    for (const account of this.#due) account.isLogDue = false;
    this.#due.length = 0;
  }

  #tryToBegin(accounts: Iterable<LoggedAccount>): void {
    try {
      this.#begin(accounts);
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
    this.#accounts = 0;
    this.#length = 0;
    this.#writeAll(accounts);
    renameSync(`${path}.new`, path);
    this.#maxLength = this.#length + MAX_GROWTH_BYTES;
  }

  /** @throws what the file system says */
  #writeAll(accounts: Iterable<LoggedAccount>): void {
    this.#position = CHUNK_HEAD;
    for (const account of accounts) {
      if (this.#position + MAX_ENTRY_NUMBERS >= CHUNK_NUMBERS) this.#writeChunk();
      this.#add(account);
    }
    this.#writeChunk();
  }

  #add(account: LoggedAccount): void {
    const numbers = this.#numbers;
    const isNew = account.logSerial !== this.#serial;
    if (isNew) {
      account.logSerial = this.#serial;
      account.logNumber = this.#accounts;
      this.#accounts += 1;
      this.#addText(account.logNumber, DESCRIPTION, account.describe());
    }
    const note = account.takeNote(isNew);
    if (note !== undefined) this.#addText(account.logNumber, NOTE, note);
    const at = this.#position;
    const end = account.writeState(numbers, at + ENTRY_HEAD);
    numbers[at] = account.logNumber;
    numbers[at + 1] = STATE;
    numbers[at + 2] = end - at - ENTRY_HEAD;
    this.#position = end;
  }

  #addText(account: number, kind: number, text: string): void {
    // UTF-8 has three bytes for a UTF-16 unit at most.
    if (text.length * 3 > MAX_TEXT_NUMBERS * 8) return;
    this.#position = writeTextEntry(this.#numbers, this.#position, account, kind, text);
  }

  /** @throws what the file system says */
  #writeChunk(): void {
    const size = this.#position - CHUNK_HEAD;
    this.#position = CHUNK_HEAD;
    if (size === 0) return;
    this.#numbers[0] = MAGIC;
    this.#numbers[1] = size;
    this.#numbers[CHUNK_HEAD + size] = -size;
    const bytes = 8 * (CHUNK_HEAD + size + 1);
    const written = writeSync(this.#fd, this.#bytes, 0, bytes, this.#length);
    if (written < bytes) throw new Error(`${written} of ${bytes} bytes were written`);
    this.#length += bytes;
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
