import type { WarmEntry, WarmState } from '../../collectors/warm-state.ts';
import { messageOf } from '../runtime/errors.ts';
import type { Component } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import { RateLimit } from '../runtime/rate-limit.ts';

/** Hands entries to the keeper; resolves when they are on their way, so that there is room for more. */
export type SendWarm = (entries: readonly WarmEntry[]) => Promise<void>;

/** On their way to the keeper at once: a keeper that is slow makes changes gather here, where they take each other's place. */
const MAX_SENDING_BYTES = 4 << 20;
const MAX_MESSAGE_BYTES = 1 << 20;
/** That gather meanwhile: the oldest go first. */
const MAX_GATHERED = 50_000;
const MAX_GATHERED_BYTES = 16 << 20;
const ENTRY_OVERHEAD_BYTES = 200;
const LINES_PER_MINUTE = 2;

/**
 * The worker's end of the warm state: what its decoders learn goes to the keeper at the end of the turn in which they learnt
 * it, since a worker may be killed at any time; what the keeper knows goes into the decoders.
 *
 *   decoders ──change──▶ gathered ──end of the turn, or urgent──▶ sending ──▶ keeper
 *                           └── a later entry of the same key takes the place of an earlier one
 *   keeper ──restore()──▶ decoders
 */
export class WarmLink implements Component {
  readonly name = 'warm state';
  /** Plain numbers since the start. */
  readonly totals = { told: 0, restored: 0, lost: 0 };
  readonly #states: readonly WarmState[];
  readonly #send: SendWarm;
  readonly #log: Log;
  readonly #monotonicMs: () => number;
  readonly #lines = new RateLimit(LINES_PER_MINUTE, 60_000);
  /** By kind and key, in the order in which they changed. */
  readonly #gathered = new Map<string, WarmEntry>();
  #gatheredBytes = 0;
  #sendingBytes = 0;
  #isDue = false;

  /** `states`: the decoders; each passes over what is none of its kinds. */
  constructor(states: readonly WarmState[], send: SendWarm, log: Log, monotonicMs: () => number) {
    this.#states = states;
    this.#send = send;
    this.#log = log;
    this.#monotonicMs = monotonicMs;
  }

  /** Before the first datagram. */
  start(): Promise<void> {
    for (const state of this.#states) {
      state.onWarmChange = (entry) => this.#gather(entry);
      state.onWarmUrgent = () => this.flush();
    }
    return Promise.resolve();
  }

  stop(): Promise<void> {
    for (const state of this.#states) {
      state.onWarmChange = undefined;
      state.onWarmUrgent = undefined;
    }
    this.flush();
    return Promise.resolve();
  }

  /** Takes what the keeper, or by way of it another process, knows. */
  restore(entries: Iterable<WarmEntry>): void {
    for (const entry of entries) {
      this.totals.restored += 1;
      for (const state of this.#states) state.restoreWarm(entry);
    }
  }

  /** Tells all that the decoders know, for a keeper that knows nothing. */
  tellAll(): void {
    for (const state of this.#states) for (const entry of state.warmEntries()) this.#gather(entry);
  }

  /** Sends what was gathered, now, unless too much is on its way already. */
  flush(): void {
    while (this.#gathered.size > 0 && this.#sendingBytes < MAX_SENDING_BYTES) void this.#sendSome();
  }

  #gather(entry: WarmEntry): void {
    const name = `${entry.kind} ${entry.key}`;
    this.#drop(name);
    this.#gathered.set(name, entry);
    this.#gatheredBytes += bytesOf(entry);
    this.#bound();
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.flush();
    });
  }

  #bound(): void {
    while (this.#gathered.size > MAX_GATHERED || this.#gatheredBytes > MAX_GATHERED_BYTES) {
      const oldest = this.#gathered.keys().next();
      if (oldest.done === true) return;
      this.#drop(oldest.value);
      this.totals.lost += 1;
    }
  }

  #drop(name: string): void {
    const known = this.#gathered.get(name);
    if (known === undefined) return;
    this.#gathered.delete(name);
    this.#gatheredBytes -= bytesOf(known);
  }

  /** Never rejects. */
  async #sendSome(): Promise<void> {
    const { entries, bytes } = this.#nextMessage();
    this.#sendingBytes += bytes;
    try {
      await this.#send(entries);
      this.totals.told += entries.length;
    } catch (error) {
      this.totals.lost += entries.length;
      this.#report(error);
    }
    this.#sendingBytes -= bytes;
    if (!this.#isDue) this.flush();
  }

  /** Out of what was gathered, the oldest first; at least one entry. */
  #nextMessage(): { entries: WarmEntry[]; bytes: number } {
    const entries: WarmEntry[] = [];
    let bytes = 0;
    for (const [name, entry] of this.#gathered) {
      const more = bytesOf(entry);
      if (entries.length > 0 && bytes + more > MAX_MESSAGE_BYTES) break;
      bytes += more;
      entries.push(entry);
      this.#drop(name);
    }
    return { entries, bytes };
  }

  #report(error: unknown): void {
    const { passed, suppressed } = this.#lines.take(this.#monotonicMs());
    if (passed)
      this.#log.warn({ error: messageOf(error), suppressed }, 'the keeper does not hear what decoders learnt');
  }
}

function bytesOf({ key, value }: WarmEntry): number {
  return ENTRY_OVERHEAD_BYTES + 2 * key.length + (value?.length ?? 0);
}
