import { type PostgresPoolConfig, type PostgresQueueBackend, Queue, Worker, type JobProgress } from 'bullmq';
import type { DatabaseAddress } from '../../storage/database/database.ts';
import { PoolClient } from '../../storage/database/pool-client.ts';
import { postgresBackend } from '../maintenance/postgres-backend.ts';
import { withTimeout } from '../runtime/lifecycle.ts';
import { pauseAfter } from './attempt-pause.ts';

/** What is to be told, and by which channels it was; of the queue's jobs. */
export interface Delivery {
  readonly uids: readonly string[];
  readonly isSummary: boolean;
  /** Channels that have taken it. */
  readonly done: readonly string[];
}

export interface DeliveryHandlers {
  /**
   * Tells it.
   * @param note keeps that a channel has taken it, wherever it is tried next
   * @throws why it has to be tried again
   */
  deliver(delivery: Delivery, queuedMs: number, note: (done: readonly string[]) => Promise<void>): Promise<void>;
  /** The queue cannot be relied on any more: close it. May be called more than once. */
  onTrouble(error: Error): void;
}

/** Deliveries of one pair, open. */
export interface DeliveryQueue {
  /** Once for each id, however often it is asked for. */
  add(id: string, delivery: Delivery): Promise<void>;
  close(): Promise<void>;
}

const SCHEMA = 'dogwatch_jobs';
/** As for maintenance jobs: a delivery of a node that died goes on at the other one within seconds. */
const TAKING = { lockDuration: 5000, stalledInterval: 2000, maxStalledCount: 1_000_000, runRetryDelay: 2000 };
const OPEN_MS = 15_000;
const CLOSE_MS = 2000;
/** Those that have no end of their own: `deliver` gives up after a day. */
const MAX_ATTEMPTS = 10_000;

/**
 * Opens the queue, in the database also where batches are on Redis: somebody is to be told when that is away.
 * @throws what PostgreSQL says, or after 15 s that it says nothing
 */
export async function openDeliveryQueue(
  address: DatabaseAddress,
  pair: string,
  handlers: DeliveryHandlers,
): Promise<DeliveryQueue> {
  const { applicationName: _name, epoch: _epoch, ...parts } = address;
  const connection: PostgresPoolConfig = {
    ...parts,
    Client: PoolClient,
    application_name: 'dogwatch notifications',
    schema: SCHEMA,
    migrate: true,
    max: 1,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
  };
  const name = `notifications-${pair}`;
  type Backend = PostgresQueueBackend;
  const queue = new Queue<Delivery, unknown, string, Delivery, unknown, string, Backend, PostgresPoolConfig>(
    name,
    { connection, streams: { events: { maxLen: 100 } } },
    postgresBackend,
  );
  queue.on('error', (error) => handlers.onTrouble(error));
  const worker = new Worker<Delivery, unknown, string, Backend, JobProgress, PostgresPoolConfig>(
    name,
    async (job) => handlers.deliver(job.data, job.timestamp, (done) => job.updateData({ ...job.data, done })),
    // One after the other: they come in the order of what happened.
    { connection, ...TAKING, concurrency: 1, settings: { backoffStrategy: pauseAfter } },
    postgresBackend,
  );
  worker.on('error', (error) => handlers.onTrouble(error));
  const close = async (): Promise<void> => {
    for (const each of [worker, queue]) {
      await withTimeout(each.close(), CLOSE_MS, 'closing').catch(() =>
        withTimeout(each.disconnect(), CLOSE_MS, 'disconnecting').catch(() => {}),
      );
    }
  };
  try {
    await withTimeout(
      Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]),
      OPEN_MS,
      'opening the deliveries',
    );
  } catch (error) {
    await close();
    throw error;
  }
  const kept = { attempts: MAX_ATTEMPTS, backoff: { type: 'custom' }, removeOnComplete: true, removeOnFail: true };
  return {
    add: async (id, delivery) => void (await queue.add('tell', delivery, { ...kept, jobId: id })),
    close,
  };
}
