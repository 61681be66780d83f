/** How far a datagram may fall behind the newest one and still be taken. */
const WINDOW = 128;

/** Which counters have been taken, so that each is taken once (as in RFC 4303, 3.4.3). */
export class ReplayWindow {
  /** Per place the counter that was taken there last; 0: none, counters begin at 1. */
  readonly #taken = new Float64Array(WINDOW);
  #highest = 0;

  /** Whether `counter` is new, and not too old to know. */
  isNew(counter: number): boolean {
    return counter > 0 && counter > this.#highest - WINDOW && this.#taken[counter % WINDOW] !== counter;
  }

  /** Call it once the datagram has proved to be the peer's. */
  take(counter: number): void {
    this.#taken[counter % WINDOW] = counter;
    this.#highest = Math.max(this.#highest, counter);
  }

  /** Share of the latest datagrams that never came, 0 to 1. */
  get lossRate(): number {
    const expected = Math.min(this.#highest, WINDOW);
    if (expected === 0) return 0;
    const came = this.#taken.filter((counter) => counter > this.#highest - expected).length;
    return (expected - came) / expected;
  }
}
