import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

export interface EvenPace {
  /** Units (records, messages) a second; `Infinity`: as fast as it goes. */
  readonly perSecond: number;
  readonly durationMs: number;
  /** Ends it early. */
  readonly signal?: AbortSignal | undefined;
  /** How many sendings between two looks at the clock; keeps bursts far below a collector's receive buffer. Default 32. */
  readonly burst?: number;
  /** Called after each burst: what was put together can go out. */
  readonly afterBurst?: () => void;
  /** Called about ten times a second. */
  readonly onProgress?: ((elapsedMs: number) => void) | undefined;
}

export interface PaceOutcome {
  readonly elapsedMs: number;
  /** Units that were given up because sending could not keep up. */
  readonly skipped: number;
}

const TICK_MS = 1;
const DEFAULT_BURST = 32;
// After a pause of the machine, at most so much is made up for; the rest is given up and said.
const MAX_CATCH_UP_MS = 200;
const PROGRESS_EVERY_MS = 100;

/**
 * Calls `send` so often that its units come at an even rate. `send` gives the units that it sent, which may be none, or
 * undefined where there is no room at the moment.
 */
export async function paceEvenly(pace: EvenPace, send: () => number | undefined): Promise<PaceOutcome> {
  const { perSecond, durationMs, signal, burst = DEFAULT_BURST, afterBurst, onProgress } = pace;
  const startedAt = performance.now();
  const budget = new Budget(perSecond / 1000, durationMs);
  let progressAt = PROGRESS_EVERY_MS;
  const aborted = () => signal?.aborted === true;
  while (!aborted()) {
    const elapsedMs = performance.now() - startedAt;
    let due = budget.due(elapsedMs);
    if (elapsedMs >= durationMs && due <= 0) break;
    let calls = 0;
    for (; due > 0 && calls < burst; calls += 1) {
      const units = send();
      if (units === undefined) break;
      budget.spent += units;
      due -= units;
    }
    if (calls > 0) afterBurst?.();
    else if (elapsedMs >= durationMs + MAX_CATCH_UP_MS) break; // what is due does not find room any more
    if (onProgress !== undefined && elapsedMs >= progressAt) {
      progressAt = elapsedMs + PROGRESS_EVERY_MS;
      onProgress(elapsedMs);
    }
    await (due > 0 && calls > 0 ? nextTurn() : delay(TICK_MS));
  }
  return { elapsedMs: performance.now() - startedAt, skipped: Math.round(budget.skipped) };
}

/** What should have been sent by now, and was not. */
class Budget {
  spent = 0;
  skipped = 0;
  readonly #perMs: number;
  readonly #durationMs: number;

  constructor(perMs: number, durationMs: number) {
    this.#perMs = perMs;
    this.#durationMs = durationMs;
  }

  due(elapsedMs: number): number {
    if (this.#perMs === Infinity) return elapsedMs >= this.#durationMs ? 0 : Infinity;
    const due = Math.min(elapsedMs, this.#durationMs) * this.#perMs - this.spent - this.skipped;
    const most = Math.max(1, this.#perMs * MAX_CATCH_UP_MS);
    if (due <= most) return due;
    this.skipped += due - most;
    return most;
  }
}
