import { LOSSES_WITHIN_MS, MOST_LOSSES } from '../view.ts';

/** When the role moved, and when this node lost it unplanned. */
export class History {
  #movedMs = -Infinity;
  #lossesMs: number[] = [];

  get movedMs(): number {
    return this.#movedMs;
  }

  get lossesMs(): readonly number[] {
    return this.#lossesMs;
  }

  moved(now: number): void {
    this.#movedMs = now;
  }

  lost(now: number): void {
    const recent = this.#lossesMs.filter((each) => now - each < LOSSES_WITHIN_MS);
    this.#lossesMs = [...recent, now].slice(-MOST_LOSSES);
  }
}
