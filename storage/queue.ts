import type { SealedBatch } from './batch/batch-format.ts';

/** What is waiting. */
export interface QueueDepth {
  readonly batches: number;
  readonly rows: number;
  readonly bytes: number;
  /** Age of the oldest batch, milliseconds; 0 when there is none. */
  readonly oldestMs: number;
}

/** The file that holds the rows of a batch already, and outlives the process. */
export interface BatchDraft {
  /** Whether all `rows` of its batch are in it. */
  holdsAll(rows: number): boolean;
  /** It is needed for one more, who releases it as well. */
  hold(): void;
  /** One needs it no more: the batch is elsewhere, or lost. The last of them lets go of the file. */
  release(): void;
}

/** Where sealed batches wait for the writer. What was accepted comes out, in order, until it is acknowledged. */
export interface Queue {
  /**
   * Takes a batch over, and releases its memory when it is no longer needed.
   * @param draft released by its owner as soon as this resolves; a queue that needs it for longer holds it
   * @returns true once it is accepted (it survives a crash of the process), false where it is lost; that is counted
   */
  append(batch: SealedBatch, draft?: BatchDraft): Promise<boolean>;
  /**
   * The next batch, also one of an earlier run; waits for one. Several may ask at once; each gets another batch.
   * @returns undefined once `signal` aborts or the queue is closed
   */
  next(signal?: AbortSignal): Promise<SealedBatch | undefined>;
  /** Says that a batch which `next` gave is in the database; it never comes again, and its memory is released. */
  acknowledge(id: string): void;
  /** Gives a batch from `next` back unwritten: it comes again, before all others. */
  giveBack(id: string): void;
  /**
   * Whether senders that can wait may go on: false a little before `append` loses anything, so that what cannot wait still
   * finds room.
   */
  hasRoom(): boolean;
  depth(): QueueDepth;
  /** Everything that was accepted is safe when this resolves. */
  close(): Promise<void>;
}
