import type { Clock } from '../../../src/runtime/clock.ts';
import type { Log } from '../../../src/runtime/log.ts';
import { RateLimit } from '../../../src/runtime/rate-limit.ts';

interface Flood {
  readonly rule: string;
  readonly device: string;
  readonly since: number;
  lastAt: number;
  dropped: number;
  /** What the log was told of already. */
  reported: number;
  reportedAt: number;
}

const SWEEP_MS = 5000;
/** A flood without a dropped message for so long is over. */
const QUIET_MS = 10_000;
/** How often a flood that does not end is spoken of. */
const REPEAT_MS = 5 * 60_000;
/** Floods that are followed at the same time; messages of further ones are counted together, by rule. */
const MAX_FLOODS = 1000;
const MAX_LINES = 20;
const LINES_INTERVAL_MS = 60_000;

/**
 * Says what limits held back: one line when a flood is over, one now and then while it goes on, with rule, device and number.
 *
 *   none ──dropped()──▶ flooding ──nothing dropped for 10 s──▶ one line ──▶ none
 *                          └── every 5 min: one line
 */
export class FloodReport {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lines = new RateLimit(MAX_LINES, LINES_INTERVAL_MS);
  readonly #floods = new Map<string, Flood>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  start(): void {
    this.#cancel = this.#clock.after(SWEEP_MS, () => {
      this.#sweep(this.#clock.monotonicMs());
      this.start();
    });
  }

  /** Speaks of all that is still going on. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const flood of this.#floods.values()) this.#say(flood, 'messages were held back by a limit');
    this.#floods.clear();
  }

  dropped(rule: string, device: string): void {
    const key = `${rule}\n${device}`;
    const flood = this.#floods.get(key) ?? this.#begin(key, rule, device);
    flood.dropped += 1;
    flood.lastAt = -1;
  }

  #begin(key: string, rule: string, device: string): Flood {
    if (this.#floods.size >= MAX_FLOODS && device !== OTHERS) {
      const shared = `${rule}\n${OTHERS}`;
      return this.#floods.get(shared) ?? this.#begin(shared, rule, OTHERS);
    }
    const now = this.#clock.monotonicMs();
    const flood = { rule, device, since: now, lastAt: -1, dropped: 0, reported: 0, reportedAt: now };
    this.#floods.set(key, flood);
    return flood;
  }

  #sweep(now: number): void {
    for (const [key, flood] of this.#floods) {
      // Set here and not with each message, which would have to ask for the time.
      if (flood.lastAt < 0) flood.lastAt = now;
      if (now - flood.lastAt >= QUIET_MS) {
        this.#floods.delete(key);
        this.#say(flood, 'a flood is over; messages were held back by a limit');
      } else if (now - flood.reportedAt >= REPEAT_MS) {
        flood.reportedAt = now;
        this.#say(flood, 'a flood goes on; messages are held back by a limit');
      }
    }
  }

  #say(flood: Flood, message: string): void {
    const { rule, device, dropped, since } = flood;
    const now = this.#clock.monotonicMs();
    if (dropped === flood.reported) return;
    const { passed, suppressed } = this.#lines.take(now);
    if (!passed) return;
    flood.reported = dropped;
    const seconds = Math.round((now - since) / 1000);
    this.#log.warn(
      { rule, device, dropped, seconds, ...(suppressed === 0 ? {} : { suppressedLines: suppressed }) },
      message,
    );
  }
}

const OTHERS = 'others';
