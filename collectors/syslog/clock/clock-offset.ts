/** A sliding window of five minutes, in steps of one. */
const STEP_MICROS = 60_000_000;
const STEPS = 5;
/** An estimate of longer ago says nothing of the messages of now. */
export const CLOCK_WINDOW_MICROS = STEPS * STEP_MICROS;
/** Further from the estimate than this is another clock, a jump, or a message that was long on its way. */
const NEAR_MICROS = 2_000_000;
/** Messages in a row that must agree before a jump is believed. */
const AGREEING_AHEAD = 3;
const AGREEING_BEHIND = 5;
/** And for so long: a backlog that is sent at once has old stamps, too, but not with the same distance for seconds. */
const BEHIND_FOR_MICROS = 5_000_000;

/**
 * How far one device's clock is ahead of ours, from stamps and arrivals. Queues, relays and stamps in whole seconds make a
 * message seem older, never younger: so the estimate is the largest difference of the last minutes and not their mean.
 *
 *   unknown ──3 messages agree──▶ known ◀──────────────────────────────┐
 *                                   ├── near: the largest of 5 min      │
 *                                   └── far ──▶ doubted ──others agree──┘ taken over: 3 ahead, or 5 behind for 5 s
 *                                                 └── near again: forgotten
 */
export class ClockOffset {
  /** Microseconds; undefined while unknown. */
  estimate: number | undefined;
  /** When the estimate was last looked at, by arrival. */
  latestMicros = 0;
  readonly #largest = new Float64Array(STEPS).fill(-Infinity);
  #step = 0;
  /** The largest of the steps before the current one. */
  #before = -Infinity;
  // Messages far from the estimate that agree with each other.
  #agreeing = 0;
  #agreedLargest = 0;
  #agreedSince = 0;

  /** Takes in one message. All in microseconds. */
  observe(receivedAtMicros: number, differenceMicros: number): void {
    const { estimate } = this;
    this.latestMicros = receivedAtMicros;
    if (estimate === undefined || Math.abs(differenceMicros - estimate) > NEAR_MICROS) {
      this.#doubt(receivedAtMicros, differenceMicros);
      return;
    }
    this.#agreeing = 0;
    this.#slide(receivedAtMicros);
    const at = this.#step % STEPS;
    if (differenceMicros > (this.#largest[at] ?? 0)) this.#largest[at] = differenceMicros;
    this.estimate = Math.max(this.#before, this.#largest[at] ?? differenceMicros);
  }

  /** Takes over what another process estimated, as if it had been learnt just then. */
  restore(atMicros: number, estimateMicros: number): void {
    this.latestMicros = atMicros;
    this.#agreedLargest = estimateMicros;
    this.#takeOver(atMicros);
  }

  #doubt(receivedAtMicros: number, difference: number): void {
    const isAgreed = this.#agreeing > 0 && Math.abs(difference - this.#agreedLargest) <= NEAR_MICROS;
    if (isAgreed) {
      this.#agreeing += 1;
      this.#agreedLargest = Math.max(this.#agreedLargest, difference);
    } else {
      this.#agreeing = 1;
      this.#agreedLargest = difference;
      this.#agreedSince = receivedAtMicros;
    }
    const isAhead = this.estimate === undefined || difference > this.estimate;
    const isLong = Math.abs(receivedAtMicros - this.#agreedSince) >= BEHIND_FOR_MICROS;
    const isBelieved = isAhead ? this.#agreeing >= AGREEING_AHEAD : this.#agreeing >= AGREEING_BEHIND && isLong;
    if (isBelieved) this.#takeOver(receivedAtMicros);
  }

  #takeOver(receivedAtMicros: number): void {
    this.#largest.fill(-Infinity);
    this.#before = -Infinity;
    this.#step = Math.floor(receivedAtMicros / STEP_MICROS);
    this.#largest[this.#step % STEPS] = this.#agreedLargest;
    this.estimate = this.#agreedLargest;
    this.#agreeing = 0;
  }

  /** Forgets the steps that fell out of the window. Time that goes back, ours stepped, begins a new one. */
  #slide(receivedAtMicros: number): void {
    const step = Math.floor(receivedAtMicros / STEP_MICROS);
    if (step === this.#step) return;
    const passed = step - this.#step;
    if (passed < 0 || passed >= STEPS) this.#largest.fill(-Infinity);
    else for (let index = 1; index <= passed; index++) this.#largest[(this.#step + index) % STEPS] = -Infinity;
    this.#step = step;
    this.#before = Math.max(...this.#largest);
  }
}
