import { type Job, WaitingError, Worker } from 'bullmq';
import { setTimeout as pause } from 'node:timers/promises';
import { withTimeout } from '../../src/runtime/lifecycle.ts';
import { decodeBatch, type SealedBatch } from '../batch/batch-format.ts';
import { connectRedis, type RedisAddress, type RedisClient } from './redis-client.ts';
import type { OwnBatches } from './own-batches.ts';
import { keyPrefix, QUEUE_NAME, type SharedBatches } from './shared-batches.ts';

export interface BatchTakerHandlers {
  /** A batch is ours. @returns (later) whether it is in the database; false: others may have it */
  onBatch(batch: SealedBatch): Promise<boolean>;
  /** Bytes that are no batch any more; they are kept in Redis. */
  onDamaged(id: string): void;
  onError(error: Error): void;
}

// A killed process's batch is back after at most the lock and one look for stalled jobs.
const LOCK_MS = 2000;
const STALLED_EVERY_MS = 1000;
/** Seconds for which BullMQ waits for a job before it asks again; an answer is due in that time. */
const BLOCK_SECONDS = 2;
const SILENCE_MS = BLOCK_SECONDS * 1000 + 1500;
const RETRY_MS = 500;
const CLOSE_MS = 2000;
const CLOSE_AWAY_MS = 300;

/**
 * BullMQ's worker, of which nothing remains. Its own `close` waits for answers that never come where Redis is away, and its
 * timers and its second connection would keep the process alive meanwhile.
 */
class EndingWorker extends Worker {
  /** After `close`, whether that resolved or not. */
  abandon(): void {
    const ends = [this.lockManager.close(), this.backend.close(true), this.backend.disconnectBlocking(false)];
    for (const end of ends) end.catch(() => {});
  }

  /** A look for stalled jobs that failed is repeated soon; BullMQ would wait five seconds, also at the end. */
  protected override checkConnectionError<T>(look: () => Promise<T>): Promise<T | undefined> {
    return super.checkConnectionError(look, RETRY_MS);
  }
}

/**
 * Takes batches from Redis, a few ahead of who asks for them, and keeps them locked while they are in hand.
 *
 *   waiting ──▶ in hand ──in the database──▶ data removed ──▶ completed, gone
 *      ▲           ├── given back ──────────────┐
 *      └───────────┴── process killed, 3 s ─────┘
 */
export class BatchTaker {
  readonly #store: SharedBatches;
  readonly #own: OwnBatches;
  readonly #handlers: BatchTakerHandlers;
  readonly #client: RedisClient;
  readonly #worker: EndingWorker;
  readonly #closing = new AbortController();

  /** Begins at once. `ahead`: how many batches may be in hand. */
  constructor(
    address: RedisAddress,
    prefix: string,
    ahead: number,
    store: SharedBatches,
    own: OwnBatches,
    handlers: BatchTakerHandlers,
  ) {
    this.#store = store;
    this.#own = own;
    this.#handlers = handlers;
    const onError = (error: Error): void => handlers.onError(error);
    this.#client = connectRedis(address, 'wait', SILENCE_MS, onError, this.#closing.signal);
    this.#worker = new EndingWorker(QUEUE_NAME, (job, token) => this.#take(job, token), {
      connection: this.#client,
      prefix: keyPrefix(prefix),
      concurrency: ahead,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_EVERY_MS,
      maxStalledCount: 1_000_000_000,
      drainDelay: BLOCK_SECONDS,
      runRetryDelay: RETRY_MS,
      removeOnComplete: { count: 0 },
    });
    this.#worker.on('error', onError);
  }

  /**
   * Who has batches in hand must have settled them before.
   * @param isAway Redis does not answer: do not wait for it; locks run out by themselves
   */
  async close(isAway: boolean): Promise<void> {
    this.#closing.abort();
    const limitMs = isAway ? CLOSE_AWAY_MS : CLOSE_MS;
    await withTimeout(this.#worker.close(isAway), limitMs, 'closing the worker').catch(() => {});
    this.#worker.abandon();
    this.#client.disconnect();
  }

  /** Resolves when the batch is in the database; a job is never failed, it goes back. */
  async #take(job: Job, token: string | undefined): Promise<void> {
    const id = job.id ?? '';
    const own = this.#own.take(id);
    try {
      if (own !== undefined) {
        await this.#hand(own);
        return;
      }
      const bytes = this.#closing.signal.aborted ? undefined : await this.#store.read(id);
      if (this.#closing.signal.aborted) throw new WaitingError();
      if (bytes === undefined) return; // in the database already
      const batch = decodeBatch(bytes);
      if (batch === undefined) {
        await this.#store.keepAside(id);
        this.#handlers.onDamaged(id);
        return;
      }
      await this.#hand(batch);
    } catch (error) {
      if (!(error instanceof WaitingError)) {
        this.#handlers.onError(error instanceof Error ? error : new Error(String(error)));
        if (!this.#closing.signal.aborted) await pause(RETRY_MS);
      }
      // Where that fails as well, the lock runs out and the batch is back by itself.
      await withTimeout(job.moveToWait(token), CLOSE_MS, 'giving a batch back').catch(() => {});
      throw new WaitingError();
    } finally {
      own?.release();
    }
  }

  /** @throws WaitingError where it was not written */
  async #hand(batch: SealedBatch): Promise<void> {
    if (this.#closing.signal.aborted || !(await this.#handlers.onBatch(batch))) throw new WaitingError();
    await this.#store.remove(batch.id, batch.rows);
  }
}
