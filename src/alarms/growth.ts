interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** By how much a counter grew within the last `windowMs`, as seen at looks that are some seconds apart. */
export class Growth {
  readonly #windowMs: number;
  /** Oldest first; the first one is at or before the start of the window as soon as there has been one. */
  #samples: Sample[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Looks at the counter; 0 at the first look, and while it went back. */
  look(value: number, nowMs: number): number {
    this.#samples.push({ atMs: nowMs, value });
    const startMs = nowMs - this.#windowMs;
    while ((this.#samples[1]?.atMs ?? Infinity) <= startMs) this.#samples.shift();
    return Math.max(0, value - (this.#samples[0]?.value ?? value));
  }
}
