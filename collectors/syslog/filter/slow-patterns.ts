import type { Clock } from '../../../src/runtime/clock.ts';
import type { Log } from '../../../src/runtime/log.ts';

interface PatternRule {
  readonly name: string;
  /** Since start. */
  readonly skipped: number;
}

/** How often the log hears of a rule at most. */
const INTERVAL_MS = 60_000;

/** Says which rules have patterns that took too much time, and how many messages they did not look at. */
export class SlowPatterns {
  readonly #rules: readonly PatternRule[];
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #told = new Map<string, number>();
  #cancel: (() => void) | undefined;

  constructor(rules: readonly PatternRule[], clock: Clock, log: Log) {
    this.#rules = rules;
    this.#clock = clock;
    this.#log = log;
  }

  start(): void {
    this.#cancel = this.#clock.after(INTERVAL_MS, () => {
      this.#tell();
      this.start();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#tell();
  }

  #tell(): void {
    for (const { name, skipped } of this.#rules) {
      const fresh = skipped - (this.#told.get(name) ?? 0);
      if (fresh === 0) continue;
      this.#told.set(name, skipped);
      const remedy = 'give the rule a condition that is met more seldom, or the pattern smaller numbers in {…}';
      this.#log.warn(
        { rule: name, skipped: fresh, remedy },
        'a pattern took too much time; messages were not held to it',
      );
    }
  }
}
