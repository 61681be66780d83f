import type { Clock } from '../../src/runtime/clock.ts';
import { messageOf } from '../../src/runtime/errors.ts';
import type { Log } from '../../src/runtime/log.ts';
import type { SharedLook } from './shared-batches.ts';

export type RedisState = 'connecting' | 'well' | 'full' | 'away';

const LOOK_EVERY_MS = 1000;
// Beyond that BullMQ could not even move a job: what is left is for its own lists, and for what others add meanwhile.
const USABLE_SHARE = 0.9;

/**
 * Whether batches go to Redis.
 *
 *   connecting ──look──▶ well ──error, time-out──▶ away ──look──▶ well
 *                         └──maxmemory, redis.maxBytes──▶ full ──look finds room──▶ well
 *
 * It looks around every second, with a write.
 */
export class RedisHealth {
  state: RedisState = 'connecting';
  /** Why it is not well, or was not when it last was not. */
  lastError: string | undefined;
  /** What waited when it was last seen, and what we have added and taken since. */
  waiting: { batches: number; rows: number; bytes: number } = { batches: 0, rows: 0, bytes: 0 };
  oldestAtMs: number | undefined;
  /** Copies that are waited for with each batch. */
  replicas = 0;
  #freeBytes = Infinity;
  readonly #look: () => Promise<SharedLook>;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onChange: () => void;
  #trouble: string | undefined;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(look: () => Promise<SharedLook>, maxBytes: number, clock: Clock, log: Log, onChange: () => void) {
    this.#look = look;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
    this.#log = log;
    this.#onChange = onChange;
  }

  /** Looks for the first time, and then every second. @returns after the first time */
  async start(): Promise<void> {
    await this.lookNow();
    if (!this.#isStopped) this.#cancel = this.#clock.after(LOOK_EVERY_MS, () => void this.start());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  /** Whether a batch of `bytes` should be tried. */
  accepts(bytes: number): boolean {
    return this.state === 'well' && this.#whyFull(bytes) === undefined;
  }

  /** A batch of ours is in Redis, or (negative) is there no more. */
  count(batches: number, rows: number, bytes: number): void {
    const { waiting } = this;
    waiting.batches = Math.max(0, waiting.batches + batches);
    waiting.rows = Math.max(0, waiting.rows + rows);
    waiting.bytes = Math.max(0, waiting.bytes + bytes);
    this.#freeBytes -= bytes;
    if (waiting.batches === 0) this.oldestAtMs = undefined;
  }

  /** What a connection says of itself: why there is none. */
  onTrouble(error: Error): void {
    const message = messageOf(error);
    if (!isNoConnection(message)) this.#trouble = message;
  }

  /** A command was not answered, or refused. */
  onError(error: unknown): void {
    if (this.#isStopped) return;
    const said = messageOf(error);
    // The first look comes before the first connection: only once that has failed there is something to tell.
    if (this.state === 'connecting' && this.#trouble === undefined && isNoConnection(said)) return;
    const message = this.#inWords(said);
    this.#become(isOutOfMemory(message) ? 'full' : 'away', message);
  }

  async lookNow(): Promise<void> {
    try {
      this.#learn(await this.#look());
    } catch (error) {
      this.onError(error);
    }
  }

  #learn({ batches, rows, bytes, oldestAtMs, server }: SharedLook): void {
    this.waiting = { batches, rows, bytes };
    this.oldestAtMs = oldestAtMs;
    this.replicas = Math.min(1, server.replicas);
    const bound = server.maxBytes === 0 ? Infinity : server.maxBytes * USABLE_SHARE;
    this.#freeBytes = bound - server.usedBytes;
    const policy = server.evictionPolicy;
    if (policy !== 'noeviction') {
      this.#become('away', `maxmemory-policy is ${policy}: Redis may throw batches away, so none go there`);
      return;
    }
    const why = this.#whyFull(0);
    this.#become(why === undefined ? 'well' : 'full', why);
  }

  // Without a connection ioredis speaks of its own settings, and of the cause only to who listens to the connection.
  #inWords(message: string): string {
    if (!isNoConnection(message)) return inOurWords(message);
    return this.#trouble === undefined ? 'no connection' : `no connection: ${inOurWords(this.#trouble)}`;
  }

  #whyFull(bytes: number): string | undefined {
    if (this.waiting.bytes + bytes > this.#maxBytes) return 'redis.maxBytes is reached';
    return bytes >= this.#freeBytes ? 'maxmemory of Redis is nearly reached' : undefined;
  }

  #become(state: RedisState, why?: string): void {
    if (why !== undefined) this.lastError = why;
    if (this.state === state) return;
    const before = this.state;
    this.state = state;
    if (state !== 'well') {
      this.#log.warn({ state, error: why }, 'Redis takes no batches, they go to the journal');
    } else if (before !== 'connecting') {
      this.#log.info({ waiting: this.waiting.batches }, 'Redis takes batches again');
    }
    this.#onChange();
  }
}

// The reply of a command that is refused for maxmemory, also inside of a transaction that is given up for it.
function isOutOfMemory(message: string): boolean {
  return /\bOOM\b|EXECABORT/.test(message);
}

function isNoConnection(message: string): boolean {
  return /^not connected|^Stream isn't writeable|^Connection is closed|^Cluster isn't ready/.test(message);
}

/** What ioredis says of `socketTimeout`, and what it says before the error of a cluster's node. */
function inOurWords(message: string): string {
  const [, ms] = /^Socket timeout\..* (\d+)ms/.exec(message) ?? [];
  if (ms !== undefined) return `no answer for ${ms} ms`;
  return message.replace(/^Too many Cluster redirections\. Last error: (\w*Error: )?/, '');
}
