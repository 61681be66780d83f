/**
 * Lets at most `perInterval` calls through in each `intervalMs`, and counts the rest, so that a repeated trouble costs a
 * bounded number of log lines and the number of those left out can be said.
 */
export class RateLimit {
  readonly #perInterval: number;
  readonly #intervalMs: number;
  #intervalStartMs = -Infinity;
  #passed = 0;
  #suppressed = 0;

  constructor(perInterval: number, intervalMs: number) {
    this.#perInterval = perInterval;
    this.#intervalMs = intervalMs;
  }

  /** Whether this call may pass; with it, how many were held back since the last one that passed. */
  take(nowMs: number): { passed: boolean; suppressed: number } {
    if (nowMs - this.#intervalStartMs >= this.#intervalMs) {
      this.#intervalStartMs = nowMs;
      this.#passed = 0;
    }
    if (this.#passed >= this.#perInterval) {
      this.#suppressed += 1;
      return { passed: false, suppressed: this.#suppressed };
    }
    this.#passed += 1;
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return { passed: true, suppressed };
  }
}
