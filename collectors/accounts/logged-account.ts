/**
 * Something whose counts must survive the process that counts. What it stands at is written down at the end of each turn in which it
 * changed, as plain numbers; `storage` does that.
 */
export interface LoggedAccount {
  /** Its number in the log at hand, and which log that is; kept by the log. */
  logNumber: number;
  logSerial: number;
  /** Whether it changed in this turn. Who counts looks here first: once a turn is enough. */
  isLogDue: boolean;
  /** Whose it is, in words that its owner understands after a restart; asked for once a log. */
  describe(): string;
  /** Writes what it stands at; at most 256 numbers. @returns the position behind */
  writeState(out: Float64Array, at: number): number;
  /** What is no number, where it changed since it was asked for last; `isAnew`: where there is any. */
  takeNote(isAnew: boolean): string | undefined;
}

/** Where accounts are logged. */
export interface AccountLog {
  /** To be told of an account that is not due yet, and changes now. */
  changed(account: LoggedAccount): void;
}

/** What an earlier process left of an account. */
export interface LeftAccount {
  readonly description: string;
  readonly note: string;
  readonly state: Float64Array;
}
