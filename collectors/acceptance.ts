/**
 * What a receiver needs of the rooms behind it when its sender can wait: RELP and SNMP informs are acknowledged once their
 * rows are safe, and streams are not read while there is no room. Declared by the collectors, given to them by whoever
 * composes them.
 */
export interface Acceptance {
  /**
   * Calls back, never at once, when all rows committed so far are in the queue (true: they survive a crash) or were
   * lost at its bound (false). Batches with rows somebody waits for are sealed early.
   */
  whenAccepted(settled: (accepted: boolean) => void): void;
  /** Whether the queue takes more. Datagrams are handed on all the same, since nobody could hold them back. */
  hasRoom(): boolean;
  /** Resolves when the queue takes more, or when `signal` aborts. */
  whenRoom(signal: AbortSignal): Promise<void>;
}
