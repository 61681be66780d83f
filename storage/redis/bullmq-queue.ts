import type { Clock } from '../../src/runtime/clock.ts';
import { messageOf } from '../../src/runtime/errors.ts';
import type { Log } from '../../src/runtime/log.ts';
import { RateLimit } from '../../src/runtime/rate-limit.ts';
import type { SealedBatch } from '../batch/batch-format.ts';
import type { Queue, QueueDepth } from '../queue.ts';
import { BatchTaker } from './batch-taker.ts';
import { InHand } from './in-hand.ts';
import { OwnBatches } from './own-batches.ts';
import type { RedisAddress } from './redis-client.ts';
import { RedisHealth, type RedisState } from './redis-health.ts';
import { SharedBatches } from './shared-batches.ts';
import { Slots } from './slots.ts';

export interface BullmqQueueOptions {
  readonly address: RedisAddress;
  /** First part of every key; nodes with the same share the queue. Default `dogwatch`. */
  readonly prefix?: string;
  /** A batch that Redis has not taken after so long goes to the journal, milliseconds. Default 1000. */
  readonly timeoutMs?: number;
  /** Bound of the batches that wait in Redis, bytes. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Batches on their way into Redis at the same time. Default 4. */
  readonly concurrency?: number;
  /** Batches taken from Redis ahead of the writer, those that it writes among them. Default 4. */
  readonly ahead?: number;
}

/** What an operator asks of it. */
export interface BullmqQueueStatus {
  readonly state: RedisState;
  /** Of all nodes, in Redis. */
  readonly waitingBatches: number;
  readonly waitingBytes: number;
  readonly lastError: string | undefined;
  /** Since the start. */
  readonly toRedis: number;
  readonly toJournal: number;
  /** Batches of the journal that went on to Redis. */
  readonly forwarded: number;
  /** Batches that Redis gave back broken. */
  readonly damaged: number;
}

// As much as may wait for a slot before the journal takes it: memory that nobody else can use.
const MAX_WAITING_BATCHES = 16;
/** Batches in Redis whose bytes are kept here as well, since they are likely to come back. */
const MAX_OWN_BYTES = 32 << 20;
/** Batches of the journal on their way to Redis or to the writer at once, beside new ones. */
const FORWARDERS = 2;

/**
 * The queue that nodes share: batches in Redis, as jobs of BullMQ, and in the journal of this process what Redis does not take.
 *
 *   append ──▶ Redis ───────────────────▶ next ──▶ acknowledged
 *      │         ▲                          ▲
 *      │ not well│ well again, writer busy  │ writer idle
 *      └──────▶ journal ────────────────────┘
 *
 * A batch may go both ways, when an answer is lost; the ledger stores it once. The journal is opened before and closed after by
 * whoever made it, and must not be read by others.
 */
export class BullmqQueue implements Queue {
  readonly #options: Required<BullmqQueueOptions>;
  readonly #journal: Queue;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #health: RedisHealth;
  readonly #inHand = new InHand();
  readonly #own: OwnBatches;
  readonly #slots: Slots;
  readonly #troubleLimit = new RateLimit(1, 10_000);
  readonly #closing = new AbortController();
  #store: SharedBatches | undefined;
  #taker: BatchTaker | undefined;
  #forwarders: Promise<void>[] = [];
  #sending = new Set<Promise<boolean>>();
  #changed = Promise.withResolvers<void>();
  #toRedis = 0;
  #toJournal = 0;
  #forwarded = 0;
  #damaged = 0;

  constructor(options: BullmqQueueOptions, journal: Queue, clock: Clock, log: Log) {
    this.#options = {
      address: options.address,
      prefix: options.prefix ?? 'dogwatch',
      timeoutMs: options.timeoutMs ?? 1000,
      maxBytes: options.maxBytes ?? 2 ** 30,
      concurrency: options.concurrency ?? 4,
      ahead: options.ahead ?? 4,
    };
    this.#journal = journal;
    this.#clock = clock;
    this.#log = log;
    this.#own = new OwnBatches(MAX_OWN_BYTES, clock);
    this.#slots = new Slots(this.#options.concurrency, MAX_WAITING_BATCHES);
    const look = async () => this.#shared.look();
    this.#health = new RedisHealth(look, this.#options.maxBytes, clock, log, () => this.#wake());
    this.#inHand.onAsked = () => this.#wake();
  }

  /**
   * Connects, and resolves without waiting for Redis. The journal must be open.
   * @throws Error where the file of certificates cannot be read
   */
  open(): Promise<void> {
    const { address, prefix, timeoutMs, ahead } = this.#options;
    this.#store = new SharedBatches(address, prefix, timeoutMs, (error) => this.#note(error));
    this.#taker = new BatchTaker(address, prefix, ahead, this.#store, this.#own, {
      onBatch: (batch) => this.#inHand.offer(batch),
      onDamaged: (id) => this.#onDamaged(id),
      onError: (error) => this.#note(error),
    });
    void this.#health.start();
    this.#forwarders = Array.from({ length: FORWARDERS }, () => this.#emptyJournal());
    return Promise.resolve();
  }

  async append(batch: SealedBatch): Promise<boolean> {
    const held = this.#own.hold(batch);
    if (await this.#isSent(held)) {
      this.#toRedis += 1;
      held.release();
      return true;
    }
    if (held !== batch) this.#own.forget(batch.id);
    this.#toJournal += 1;
    return this.#journal.append(held);
  }

  next(signal?: AbortSignal): Promise<SealedBatch | undefined> {
    return this.#inHand.next(signal);
  }

  acknowledge(id: string): void {
    const taken = this.#inHand.settle(id, true);
    if (taken?.from === 'journal') this.#journal.acknowledge(id);
    if (taken?.from === 'redis') this.#health.count(-1, -taken.batch.rows, -taken.batch.encoded.length);
  }

  giveBack(id: string): void {
    const taken = this.#inHand.settle(id, false);
    if (taken?.from === 'journal') this.#journal.giveBack(id);
  }

  hasRoom(): boolean {
    return this.#journal.hasRoom();
  }

  depth(): QueueDepth {
    const local = this.#journal.depth();
    const { waiting, oldestAtMs } = this.#health;
    const sharedMs = oldestAtMs === undefined ? 0 : Math.max(0, this.#clock.nowMicros() / 1000 - oldestAtMs);
    return {
      batches: local.batches + Math.max(waiting.batches, this.#inHand.fromRedis),
      rows: local.rows + waiting.rows,
      bytes: local.bytes + waiting.bytes,
      oldestMs: Math.max(local.oldestMs, sharedMs),
    };
  }

  status(): BullmqQueueStatus {
    const { state, waiting, lastError } = this.#health;
    return {
      state,
      waitingBatches: waiting.batches,
      waitingBytes: waiting.bytes,
      lastError,
      toRedis: this.#toRedis,
      toJournal: this.#toJournal,
      forwarded: this.#forwarded,
      damaged: this.#damaged,
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#health.stop();
    this.#slots.close();
    this.#wake();
    await Promise.all(this.#sending);
    this.#inHand.close();
    await Promise.all(this.#forwarders);
    await this.#taker?.close(this.#health.state !== 'well');
    await this.#store?.close();
    this.#own.clear();
  }

  /** @returns false where the journal is to take it */
  async #isSent(batch: SealedBatch): Promise<boolean> {
    const bytes = batch.encoded.length;
    if (this.#closing.signal.aborted || !this.#health.accepts(bytes) || !(await this.#slots.take())) return false;
    try {
      // It may have waited for its slot.
      if (!this.#health.accepts(bytes)) return false;
      return await this.#send(batch);
    } finally {
      this.#slots.free();
    }
  }

  async #send(batch: SealedBatch): Promise<boolean> {
    const sending = this.#shared.add(batch, this.#health.replicas).then(
      () => true,
      (error: unknown) => {
        this.#health.onError(error);
        return false;
      },
    );
    this.#sending.add(sending);
    const sent = await sending;
    this.#sending.delete(sending);
    if (sent) this.#health.count(1, batch.rows, batch.encoded.length);
    return sent;
  }

  /** Batches of the journal go to a writer that is idle, or to Redis. */
  async #emptyJournal(): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      const batch = await this.#journal.next(signal);
      if (batch === undefined) return;
      while (!(await this.#isPassedOn(batch))) {
        if (signal.aborted) {
          this.#journal.giveBack(batch.id);
          return;
        }
        await this.#changed.promise;
      }
    }
  }

  async #isPassedOn(batch: SealedBatch): Promise<boolean> {
    if (this.#inHand.give(batch)) return true;
    if (this.#closing.signal.aborted || !this.#health.accepts(batch.encoded.length)) return false;
    if (!(await this.#send(batch))) return false;
    this.#forwarded += 1;
    this.#journal.acknowledge(batch.id);
    return true;
  }

  #onDamaged(id: string): void {
    this.#damaged += 1;
    this.#log.error({ batch: id }, 'a batch came broken out of Redis, its bytes are kept there');
  }

  // Connections say what is wrong again and again; what follows from it is said once, as a change of state.
  #note(error: Error): void {
    this.#health.onTrouble(error);
    const { passed, suppressed } = this.#troubleLimit.take(this.#clock.monotonicMs());
    if (passed) this.#log.debug({ error: messageOf(error), suppressed }, 'trouble with Redis');
  }

  get #shared(): SharedBatches {
    if (this.#store === undefined) throw new Error('the queue is not open');
    return this.#store;
  }

  /** Those who wait look again. */
  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
