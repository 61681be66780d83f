/** Rations something expensive: `perSecond` on average, `burst` at once. Time comes with each question. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filledAtMicros = 0;

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Takes `cost` tokens, or says that there are too few. What costs more than a whole burst takes all of one. */
  take(nowMicros: number, cost: number): boolean {
    const elapsed = Math.max(0, nowMicros - this.#filledAtMicros); // the wall clock may step back
    this.#filledAtMicros = nowMicros;
    this.#tokens = Math.min(this.#burst, this.#tokens + (elapsed / 1_000_000) * this.#perSecond);
    const price = Math.min(cost, this.#burst);
    if (this.#tokens < price) return false;
    this.#tokens -= price;
    return true;
  }
}
