import type { AccountLog, LoggedAccount } from '../../collectors/accounts/logged-account.ts';
import type { DraftNotes } from '../journal/drafts/draft-notes.ts';

/** What the accounts of one batch ask of the log of all. */
export interface NotingLog {
  /** To be told that there is something to write, once a turn. */
  due(): void;
  /** A chunk of what those stand at that wait, to be written elsewhere; undefined where the log does not work, or it would be too long. */
  chunkOf(accounts: NotedAccounts): Buffer | undefined;
  /** Writes all that was in such chunks into the log. */
  repeat(accounts: NotedAccounts): void;
}

/**
 * The accounts whose counts go with the rows of one batch: they are written with these, in the same write. What has no rows in a turn is
 * written into the log at its end.
 */
export class NotedAccounts implements AccountLog, DraftNotes {
  /** Changed in this turn, and not written. */
  readonly waiting: LoggedAccount[] = [];
  /** Written with rows, and not in the log as they are. */
  readonly noted = new Set<LoggedAccount>();
  /** Whether these are to be written into the log at the end of the turn. */
  isRepeatDue = false;
  readonly #log: NotingLog;

  constructor(log: NotingLog) {
    this.#log = log;
  }

  changed(account: LoggedAccount): void {
    account.isLogDue = true;
    if (this.waiting.push(account) === 1) this.#log.due();
  }

  take(): Buffer | undefined {
    if (this.waiting.length === 0) return undefined;
    const chunk = this.#log.chunkOf(this);
    if (chunk !== undefined) this.clear();
    return chunk;
  }

  refused(): void {
    this.isRepeatDue = true;
    this.#log.due();
  }

  sealed(): void {
    this.#log.repeat(this);
  }

  /** Nothing waits any more. */
  clear(): void {
    for (const account of this.waiting) account.isLogDue = false;
    this.waiting.length = 0;
  }
}
