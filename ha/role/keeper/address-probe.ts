import type { Clock } from '../../../src/runtime/clock.ts';
import type { Probe, VirtualAddress } from '../ports.ts';
import { PROBE_WITHIN_MS, type ProbeView } from '../view.ts';

/** Asks the segment who has the address, one question at a time, and remembers the last answer. */
export class AddressProbe {
  readonly #address: VirtualAddress;
  readonly #clock: Clock;
  readonly #onAnswer: () => void;
  #last: ProbeView | undefined;
  #sinceMs = Infinity;

  constructor(address: VirtualAddress, clock: Clock, onAnswer: () => void) {
    this.#address = address;
    this.#clock = clock;
    this.#onAnswer = onAnswer;
  }

  get last(): ProbeView | undefined {
    return this.#last;
  }

  /** Since when an answer is waited for; `Infinity`: none is. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  ask(): void {
    if (this.#sinceMs !== Infinity) return;
    const askedMs = this.#clock.monotonicMs();
    this.#sinceMs = askedMs;
    void this.#ask(askedMs);
  }

  async #ask(askedMs: number): Promise<void> {
    // A driver that cannot ask is no owner, and no neighbour either: a takeover goes on, nothing is collected by it.
    let answer: Probe = { owner: 'nobody', neighbourAnswers: undefined };
    try {
      answer = await this.#address.probe(PROBE_WITHIN_MS);
    } catch {
      // Told by `hold`, which meets the same trouble.
    }
    this.#sinceMs = Infinity;
    this.#last = { ...answer, askedMs, answeredMs: this.#clock.monotonicMs() };
    this.#onAnswer();
  }
}
