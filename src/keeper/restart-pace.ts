const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** Three deaths in so long are trouble; a process that has run for so long starts with a clean slate. */
const WINDOW_MS = 10_000;
const TROUBLE_DEATHS = 3;

/**
 * How long to wait before a process is started again: not at all the first time, then 0.1 s, doubled up to 5 s, until it has
 * lived for ten seconds.
 */
export class RestartPace {
  #deathsAtMs: number[] = [];
  #quickDeaths = 0;

  /** @param livedMs how long the process had been ready; 0: it never was */
  died(nowMs: number, livedMs: number): { readonly pauseMs: number; readonly isTrouble: boolean } {
    if (livedMs >= WINDOW_MS) this.#quickDeaths = 0;
    this.#quickDeaths += 1;
    this.#deathsAtMs = [...this.#deathsAtMs.filter((at) => nowMs - at < WINDOW_MS), nowMs];
    const doublings = Math.min(this.#quickDeaths - 2, 10);
    const pauseMs = doublings < 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** doublings, LONGEST_PAUSE_MS);
    // With long pauses between, three deaths do not fit into the window any more; the trouble is the same.
    return { pauseMs, isTrouble: this.#deathsAtMs.length >= TROUBLE_DEATHS || this.#quickDeaths >= TROUBLE_DEATHS };
  }
}
