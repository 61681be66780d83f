/** Work that one process does for all that share the database, now and then. */
export interface Job {
  /** As it appears in the log and in the status: words with "-". */
  readonly name: string;
  /** Milliseconds from one start to the next. */
  readonly everyMs: number;
  /**
   * Does what is due, and no more: it is called again after `everyMs`, never twice at once. May throw: that is logged, counted,
   * and tried again at the next time.
   * @param signal aborts when the process stops or another one has become the owner
   */
  run(signal: AbortSignal): Promise<void>;
}
