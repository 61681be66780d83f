/** A seeded source of numbers, so that a load can be repeated exactly. The generator is Marsaglia's xorshift32. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed | 0, 0x9e_37_79_b1) | 1; // spreads small seeds; never 0, which would stay 0
  }

  /** In [0, 1). */
  fraction(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 4_294_967_296;
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** Bounded Pareto: many small ones, a few very large. */
  heavyTail(smallest: number, largest: number, shape: number): number {
    const ratio = (smallest / largest) ** shape;
    return Math.floor(smallest / (1 - this.fraction() * (1 - ratio)) ** (1 / shape));
  }
}

/** Draws an index in proportion to the weights that it was made with. */
export class WeightedChoice {
  readonly #cumulated: Float64Array;

  constructor(weights: readonly number[]) {
    this.#cumulated = new Float64Array(weights.length);
    let sum = 0;
    for (const [index, weight] of weights.entries()) {
      sum += weight;
      this.#cumulated[index] = sum;
    }
  }

  /** Zipf's law: the n-th of `count` is chosen 1/n as often as the first. */
  static zipf(count: number): WeightedChoice {
    return new WeightedChoice(Array.from({ length: count }, (_, index) => 1 / (index + 1)));
  }

  draw(random: SeededRandom): number {
    const wanted = random.fraction() * (this.#cumulated.at(-1) ?? 0);
    let low = 0;
    let high = this.#cumulated.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#cumulated[middle] ?? 0) <= wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
