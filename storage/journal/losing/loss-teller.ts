import type { Clock } from '../../../src/runtime/clock.ts';
import type { Log } from '../../../src/runtime/log.ts';
import { RateLimit } from '../../../src/runtime/rate-limit.ts';
import type { SealedBatch } from '../../batch/batch-format.ts';
import type { LostRows, OnLost } from '../lost-batch.ts';

/** Counts rows that are lost, names them to whoever keeps account, and says so in the log at a limited rate. */
export class LossTeller {
  /** Totals since the start, by table. */
  readonly rows = new Map<string, number>();
  /** Why the last batch was lost; undefined while batches are accepted. */
  trouble: string | undefined;
  readonly #onLost: OnLost | undefined;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limit = new RateLimit(1, 10_000);

  constructor(onLost: OnLost | undefined, clock: Clock, log: Log) {
    this.#onLost = onLost;
    this.#clock = clock;
    this.#log = log;
  }

  /** Whether anybody wants to know whose rows they are. */
  get isHeard(): boolean {
    return this.#onLost !== undefined;
  }

  lose(table: string, rows: number, why: string, batch?: SealedBatch): void {
    this.count(table, rows, why);
    this.tell({ table, rows, why, ...(batch === undefined ? {} : { batch }) });
  }

  /** Of rows that are told of later. */
  count(table: string, rows: number, why: string): void {
    this.rows.set(table, (this.rows.get(table) ?? 0) + rows);
    this.trouble = why;
    this.logTrouble({ table, rows, why }, 'rows are lost');
  }

  /** Of rows that were counted. */
  tell(loss: LostRows): void {
    this.#onLost?.(loss);
  }

  logTrouble(fields: Record<string, unknown>, message: string): void {
    const { passed, suppressed } = this.#limit.take(this.#clock.monotonicMs());
    if (passed) this.#log.error({ ...fields, suppressed }, message);
  }
}
