/** Lets `count` go on at once, and `maxWaiting` more wait for their turn. */
export class Slots {
  #free: number;
  readonly #maxWaiting: number;
  readonly #waiting: ((granted: boolean) => void)[] = [];
  #isClosed = false;

  constructor(count: number, maxWaiting: number) {
    this.#free = count;
    this.#maxWaiting = maxWaiting;
  }

  /** @returns whether there is a slot, perhaps after a while; false at once where too many wait */
  take(): Promise<boolean> {
    if (this.#isClosed || this.#waiting.length >= this.#maxWaiting) return Promise.resolve(false);
    if (this.#free === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#free -= 1;
    return Promise.resolve(true);
  }

  free(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next(true);
  }

  close(): void {
    this.#isClosed = true;
    for (const waiting of this.#waiting.splice(0)) waiting(false);
  }
}
