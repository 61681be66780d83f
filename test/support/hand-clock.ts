import type { Clock } from '../../src/runtime/clock.ts';
import { createLog, type Log } from '../../src/runtime/log.ts';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** A clock that a test moves by hand; what was due on the way is run, in order. */
export class HandClock implements Clock {
  #nowMs = 0;
  #timers: Timer[] = [];

  nowMicros(): number {
    return 1_800_000_000_000_000 + this.#nowMs * 1000;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  /** How many timers are set. */
  get waiting(): number {
    return this.#timers.length;
  }

  advance(ms: number): void {
    const until = this.#nowMs + ms;
    for (;;) {
      const due = this.#timers.toSorted((a, b) => a.atMs - b.atMs).find(({ atMs }) => atMs <= until);
      if (due === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== due);
      this.#nowMs = due.atMs;
      due.run();
    }
    this.#nowMs = until;
  }
}

/** A log that keeps its lines, parsed. */
export class LogLines {
  readonly #lines: Record<string, unknown>[] = [];
  readonly log: Log = createLog('info', (line) => {
    const fields: unknown = JSON.parse(line);
    this.#lines.push({ ...Object(fields) });
  });

  all(): readonly Record<string, unknown>[] {
    return this.#lines;
  }
}
