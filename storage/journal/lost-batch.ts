import type { SealedBatch } from '../batch/batch-format.ts';

/** Rows that were received and are gone. */
export interface LostRows {
  readonly table: string;
  readonly rows: number;
  /** As the log says it, without values that vary: `the journal is full`, `damaged on the disk` … */
  readonly why: string;
  /** The rows themselves, where they are known. Its memory is used again once the call returns. */
  readonly batch?: SealedBatch;
}

/** Told once of each row that is lost. Must not throw. */
export type OnLost = (loss: LostRows) => void;
