import type { DatabaseClient } from '../database/database.ts';

/**
 * Something that is derived from the rows of a table, minute by minute: rollups of flows, what the loss ledger says is stored.
 * The fold calls it for the minutes that new batches have touched, within one transaction that also marks these batches.
 */
export interface FoldStep {
  readonly name: string;
  /** Tables whose rows it derives from. */
  readonly tables: readonly string[];
  /** Once at the start of a run, outside of any transaction. */
  begin?(client: DatabaseClient): Promise<void>;
  /** Before the transaction of these minutes: what would hold locks for long in it, as partitions do. */
  prepare?(client: DatabaseClient, minutes: readonly number[]): Promise<void>;
  /**
   * Makes what is derived from all rows of `table` that were received in `minutes` anew: called again for the same minute, it
   * leaves the same. The caller's transaction is open.
   * @param minutes starts of whole minutes, ascending, microseconds since the Unix epoch
   */
  apply(client: DatabaseClient, table: string, minutes: readonly number[]): Promise<void>;
  /** After all minutes that are due, outside of any transaction: what is made from many minutes. */
  finish?(client: DatabaseClient, signal: AbortSignal): Promise<void>;
}
