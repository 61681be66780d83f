import { createIORedisClient, type IRedisClient, Job, Queue } from 'bullmq';
import type { SealedBatch } from '../batch/batch-format.ts';
import { connectRedis, ownerOf, type RedisAddress, type RedisClient, type RedisServer } from './redis-client.ts';
import { SetBatch } from './set-batch.ts';
import { readInfo, type RedisInfo } from './redis-info.ts';

/** BullMQ's name of the queue; its keys are `{<prefix>}:batches:…`. */
export const QUEUE_NAME = 'batches';

/** First part of every key. In braces, so that a cluster keeps all of them in one slot, and transactions may span them. */
export function keyPrefix(prefix: string): string {
  return `{${prefix}}`;
}

/** What waits in Redis, and how Redis is. */
export interface SharedLook {
  readonly batches: number;
  readonly rows: number;
  readonly bytes: number;
  /** When the batch was begun that waits longest, milliseconds since the Unix epoch. */
  readonly oldestAtMs: number | undefined;
  /** Of a cluster: the node that has our keys. */
  readonly server: RedisInfo;
}

// KEYS: data, totals. ARGV: bytes, rows. A batch that is there for good already is not counted again; one of which nothing is
// there must not be believed to be.
const KEEP = `
if redis.call('PERSIST', KEYS[1]) == 1 then
  redis.call('HINCRBY', KEYS[2], 'bytes', ARGV[1])
  redis.call('HINCRBY', KEYS[2], 'rows', ARGV[2])
elseif redis.call('EXISTS', KEYS[1]) == 0 then
  return redis.error_reply('the data is gone')
end`;

// KEYS: data, totals. ARGV: rows.
const TAKE_OUT = `
local bytes = redis.call('STRLEN', KEYS[1])
if bytes == 0 then return end
redis.call('UNLINK', KEYS[1])
redis.call('HINCRBY', KEYS[2], 'bytes', -bytes)
redis.call('HINCRBY', KEYS[2], 'rows', -ARGV[1])`;

// Each stall is a process that died with the batch in hand; no number of them makes a batch worth losing.
const JOB_OPTIONS = { attempts: 1_000_000_000, removeOnComplete: true, stackTraceLimit: 1 };
const PROBE_SECONDS = 3600;
/** How long the data of a batch may be there without its job, of a process that died between the two. */
const UNNAMED_SECONDS = 600;

/**
 * Batches in Redis: the bytes of each under a key of its own, and a job of BullMQ with the batch's id that names it.
 *
 *   add:     SET data, with an expiry ─▶ MULTI, keep data for good, count, add job, EXEC
 *   written: take data away, count ─▶ complete the job
 *
 * So data that no job names goes by itself, and data that a job names does not. A job without data is a batch that is in the
 * database, or was not accepted: only `remove` takes data away, after the commit, and Redis itself must not (`noeviction`).
 */
export class SharedBatches {
  readonly #client: RedisClient;
  readonly #queue: Queue;
  readonly #prefix: string;
  readonly #timeoutMs: number;
  readonly #isCluster: boolean;
  #slot: number | undefined;
  #isReady = false;

  /** Connects. `timeoutMs`: without an answer for so long the connection is given up, and with it all that was asked. */
  constructor(address: RedisAddress, prefix: string, timeoutMs: number, onError: (error: Error) => void) {
    this.#client = connectRedis(address, 'ask', timeoutMs, onError);
    this.#prefix = keyPrefix(prefix);
    this.#timeoutMs = timeoutMs;
    this.#isCluster = address.cluster !== undefined;
    this.#queue = new Queue(QUEUE_NAME, { connection: this.#client, prefix: this.#prefix, skipMetasUpdate: true });
    this.#queue.on('error', onError);
    this.#queue.waitUntilReady().then(
      () => (this.#isReady = true),
      (error: unknown) => onError(error instanceof Error ? error : new Error(String(error))),
    );
  }

  /**
   * Adds a batch; again is once. Its bytes are not needed any more when this settles.
   * @param replicas how many copies there must be beside the primary's before it counts as taken; 0 or 1
   * @throws Error where it was not taken, or nobody knows
   */
  async add(batch: SealedBatch, replicas: number): Promise<void> {
    if (!this.#isReady) throw new Error('not connected yet');
    const key = this.#dataKey(batch.id);
    // Where it is there already nothing is set: what a job names must not get an expiry again.
    await this.#client.sendCommand(new SetBatch(key, batch.encoded, UNNAMED_SECONDS));
    const client: IRedisClient = createIORedisClient(this.#client);
    const multi = client.multi();
    multi.runCommand('eval', [KEEP, 2, key, this.#totalsKey, batch.encoded.length, batch.rows]);
    const job = new Job(this.#queue, 'batch', {}, JOB_OPTIONS, batch.id);
    // Resolves with the transaction, which throws the same.
    Promise.resolve(job.addJob(multi, {})).catch(() => {});
    const results = await multi.exec();
    const failed = results?.find(([error]) => error !== null)?.[0];
    if (results === null || failed) throw failed ?? new Error('the transaction was given up');
    if (replicas > 0) await this.#awaitReplicas(replicas);
  }

  /** @returns undefined where there is no such batch any more: it is in the database */
  async read(id: string): Promise<Buffer | undefined> {
    return (await this.#client.getBuffer(this.#dataKey(id))) ?? undefined;
  }

  /** Takes the bytes of a batch away, which is in the database. */
  async remove(id: string, rows: number): Promise<void> {
    await this.#client.call('EVAL', TAKE_OUT, 2, this.#dataKey(id), this.#totalsKey, rows);
  }

  /** Keeps aside what cannot be read, for people. */
  async keepAside(id: string): Promise<void> {
    await this.#client.rename(this.#dataKey(id), `${this.#prefix}:damaged:${id}`);
  }

  /**
   * Looks around, with a write, since a Redis that only reads is of no use.
   * @throws Error where Redis does not answer, or does not write
   */
  async look(): Promise<SharedLook> {
    if (!this.#isReady) throw new Error('not connected');
    await this.#client.set(`${this.#prefix}:probe`, '1', 'EX', PROBE_SECONDS);
    const wait = this.#queue.toKey('wait');
    const [waiting, active, [bytes, rows], oldest, server] = await Promise.all([
      this.#client.llen(wait),
      this.#client.llen(this.#queue.toKey('active')),
      this.#client.hmget(this.#totalsKey, 'bytes', 'rows'),
      this.#client.lindex(wait, -1),
      readInfo(await this.#owner()),
    ]);
    return {
      batches: waiting + active,
      rows: Math.max(0, Number(rows ?? 0)),
      bytes: Math.max(0, Number(bytes ?? 0)),
      oldestAtMs: oldest === null ? undefined : timeOfUuidV7(oldest),
      server,
    };
  }

  async close(): Promise<void> {
    this.#isReady = false;
    await this.#queue.close().catch(() => {});
    this.#client.disconnect();
  }

  /** Replication is asynchronous: without this, a failover forgets batches that were taken a moment before. */
  async #awaitReplicas(replicas: number): Promise<void> {
    // On the connection that has just written: others would be answered for what they wrote themselves.
    const owner = await this.#owner();
    const reached = Number(await owner.call('WAIT', replicas, Math.ceil(this.#timeoutMs / 2)));
    if (reached < replicas) throw new Error('no replica has confirmed it');
  }

  /** All keys are in one slot, which never changes; who has it may. */
  async #owner(): Promise<RedisServer> {
    if (!this.#isCluster) return ownerOf(this.#client, 0);
    this.#slot ??= await this.#client.cluster('KEYSLOT', this.#totalsKey);
    return ownerOf(this.#client, this.#slot);
  }

  #dataKey(id: string): string {
    return `${this.#prefix}:batch:${id}`;
  }

  get #totalsKey(): string {
    return `${this.#prefix}:totals`;
  }
}

/** Milliseconds since the Unix epoch (RFC 9562, 5.7); undefined of another version. */
function timeOfUuidV7(id: string): number | undefined {
  return id[14] === '7' ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}
