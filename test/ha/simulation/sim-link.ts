import { DogwatchError } from '../../../src/runtime/errors.ts';
import { Cuts } from './cuts.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

const PATIENCE_MS = 1000;

/** The network between the two nodes: beats as datagrams, requests over a stream. */
export class SimLink {
  loss = 0;
  /** The longest delay; above a beat, datagrams overtake each other. */
  slowMs = 3;
  /** Senders whose messages do not arrive. */
  readonly cutFrom = new Cuts();
  readonly #timeline: Timeline;
  readonly #random: Random;

  constructor(timeline: Timeline, random: Random) {
    this.#timeline = timeline;
    this.#random = random;
  }

  datagram(from: string, deliver: () => void): void {
    if (this.cutFrom.has(from) || this.#random.chance(this.loss)) return;
    this.#timeline.after(this.#delayMs(), deliver);
  }

  /**
   * A request over the stream. It may arrive and its answer be lost, and it may arrive after the sender gave up: then its connection is
   * gone, and nobody acts on it.
   */
  request<T>(
    from: string,
    to: string,
    act: (done: (value: T) => void) => void,
    answer: (value: T) => void,
    fail: (thrown: unknown) => void,
  ): void {
    const giveUp = this.#timeline.after(PATIENCE_MS, () => fail(new DogwatchError('PEER_UNREACHABLE', 'no answer')));
    const carry = (sender: string, then: () => void): void => {
      if (this.cutFrom.has(sender)) return;
      // Retransmission makes up for loss, and takes its time.
      const retries = this.#random.chance(this.loss) ? this.#random.between(200, 1500) : 0;
      this.#timeline.after(this.#delayMs() + retries, () => {
        if (!this.cutFrom.has(sender)) then();
      });
    };
    carry(from, () =>
      act((value) =>
        carry(to, () => {
          giveUp();
          answer(value);
        }),
      ),
    );
  }

  #delayMs(): number {
    return this.#random.between(0.2, this.slowMs);
  }
}
