import {
  type BackendFactory,
  type ConnectionOptions,
  createRedisBackend,
  type IQueueBackend,
  type JobProgress,
  type PostgresPoolConfig,
  Queue,
  Worker,
} from 'bullmq';
import type { DatabaseAddress } from '../../storage/database/database.ts';
import { PoolClient } from '../../storage/database/pool-client.ts';
import { withTimeout } from '../runtime/lifecycle.ts';
import { postgresBackend } from './postgres-backend.ts';

interface PostgresPlace {
  readonly kind: 'postgres';
  readonly address: DatabaseAddress;
  /** Of its tables; `dogwatch_jobs` where none is given. */
  readonly schema?: string;
}

interface RedisPlace {
  readonly kind: 'redis';
  /** A connection, or how to make one. */
  readonly connection: ConnectionOptions;
  /** First part of every key. */
  readonly prefix: string;
}

/** Where the schedule of jobs is kept. */
export type JobQueuePlace = PostgresPlace | RedisPlace;

/** A job's name and time from one start to the next, milliseconds. */
export interface JobInterval {
  readonly name: string;
  readonly everyMs: number;
}

export interface JobQueueHandlers {
  /** A job is due, here and nowhere else; must not throw. The job counts as running until it resolves. */
  run(name: string): Promise<void>;
  /** The queue cannot be relied on any more: close it. May be called more than once. */
  onTrouble(error: Error): void;
}

/** A schedule that all processes share, open. */
export interface JobQueue {
  /** When `name` is due next, milliseconds since the Unix epoch. */
  next(name: string): Promise<number | undefined>;
  /**
   * Puts the schedule right: a job whose next time is far away, as after a clock was set back, or that nobody knows any more, as
   * after Redis lost its data.
   */
  mend(): Promise<void>;
  /** @param isLost do not wait for a server that is away */
  close(isLost: boolean): Promise<void>;
}

const QUEUE = 'maintenance';
const SCHEMA = 'dogwatch_jobs';
/**
 * A job whose process is gone is given to another one after its lock has run out, and two looks. BullMQ's own defaults (30 s each)
 * make that a minute and a half. That it is stalled often does not matter: its schedule repeats it, whatever became of it.
 */
const TAKING = { lockDuration: 5000, stalledInterval: 2000, maxStalledCount: 1_000_000, runRetryDelay: 2000 };
// Statements are short; the worker listens on one more.
const MAX_CONNECTIONS = 1;
const CONNECT_TIMEOUT_MS = 5000;
/** Tables of BullMQ's that are made or changed at the first start included. */
const OPEN_MS = 15_000;
const CLOSE_MS = 2000;
/** Events are for others to follow; nobody does. */
const KEPT_EVENTS = 100;
const OVERDUE_MS = 60_000;

/**
 * Opens the schedule, and takes jobs from it. Each job has one BullMQ job scheduler, whose next job is made when the last one
 * starts: what was down for an hour has one job waiting, not sixty. Finished jobs are removed.
 * @throws what PostgreSQL or Redis says, or after 15 s that they say nothing
 */
export async function openJobQueue(
  place: JobQueuePlace,
  intervals: readonly JobInterval[],
  handlers: JobQueueHandlers,
): Promise<JobQueue> {
  if (place.kind === 'redis') {
    return open(createRedisBackend, { connection: place.connection, prefix: place.prefix }, intervals, handlers);
  }
  return open(postgresBackend, { connection: postgresOptions(place) }, intervals, handlers);
}

async function open<B extends IQueueBackend, C>(
  backend: BackendFactory<B, C>,
  options: { connection: C; prefix?: string },
  intervals: readonly JobInterval[],
  handlers: JobQueueHandlers,
): Promise<JobQueue> {
  const streams = { events: { maxLen: KEPT_EVENTS } };
  const queue = new Queue<unknown, unknown, string, unknown, unknown, string, B, C>(
    QUEUE,
    { ...options, streams },
    backend,
  );
  queue.on('error', (error) => handlers.onTrouble(error));
  const workers: Worker<unknown, unknown, string, B, JobProgress, C>[] = [];
  const schedule = async ({ name, everyMs }: JobInterval): Promise<void> => {
    const kept = { attempts: 1, removeOnComplete: true, removeOnFail: true };
    await queue.upsertJobScheduler(name, { every: everyMs }, { name, opts: kept });
  };
  const aheadMs = async (name: string) => ((await queue.getJobScheduler(name))?.next ?? NaN) - Date.now();
  const close = async (isLost: boolean): Promise<void> => {
    for (const each of [...workers, queue]) {
      const closing = each.close(...(each === queue ? [] : [isLost]));
      // One that still waits for a job would go on waiting, and hold its connections.
      await withTimeout(closing, CLOSE_MS, 'closing').catch(() => disconnect(each));
    }
  };
  let isGivenUp = false;
  const begin = async (): Promise<void> => {
    await queue.waitUntilReady();
    for (const each of intervals) {
      if ((await aheadMs(each.name)) > 2 * each.everyMs) await queue.removeJobScheduler(each.name);
      await schedule(each);
    }
    if (isGivenUp) return;
    // One each: indexes that are built for minutes hold nobody up.
    const taking = { ...options, ...TAKING, concurrency: intervals.length + 1 };
    const worker = new Worker<unknown, unknown, string, B, JobProgress, C>(
      QUEUE,
      ({ name }) => handlers.run(name),
      taking,
      backend,
    );
    workers.push(worker);
    worker.on('error', (error) => handlers.onTrouble(error));
    await worker.waitUntilReady();
  };
  try {
    await withTimeout(begin(), OPEN_MS, 'opening the schedule of jobs');
  } catch (error) {
    isGivenUp = true;
    await close(true);
    throw error;
  }
  return {
    next: async (name) => (await queue.getJobScheduler(name))?.next,
    mend: async () => {
      for (const each of intervals) {
        const ahead = await aheadMs(each.name);
        if (ahead > 2 * each.everyMs) await queue.removeJobScheduler(each.name);
        if (!(ahead <= 2 * each.everyMs && ahead > -OVERDUE_MS)) await schedule(each);
      }
    },
    close,
  };
}

/** Never rejects, nor waits for a server that says nothing. */
async function disconnect(each: { disconnect(): Promise<unknown> }): Promise<void> {
  await withTimeout(each.disconnect(), CLOSE_MS, 'disconnecting').catch(() => {});
}

function postgresOptions({ address, schema }: PostgresPlace): PostgresPoolConfig {
  const { applicationName, ...parts } = address;
  return {
    ...parts,
    Client: PoolClient,
    application_name: applicationName ?? 'dogwatch jobs',
    schema: schema ?? SCHEMA,
    migrate: true,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  };
}
