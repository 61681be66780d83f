import type { Ears } from '../../../ha/role/ports.ts';
import type { HeldSockets } from '../../keeper/held-sockets.ts';
import type { Workers } from '../../keeper/workers.ts';
import { machineMs } from '../../runtime/clock.ts';

/** Smaller changes are not told to the workers: the role says it several times a beat. */
const LEAST_CHANGE_MS = 10;

/** The listeners of a node of a pair: sockets that the keeper binds on the virtual IP, and workers that read them while they may. */
export class GatedEars implements Ears {
  /** Why the next opening comes. */
  after: 'takeover' | 'handOver' = 'takeover';
  readonly #sockets: HeldSockets;
  readonly #workers: Workers;
  readonly #monotonicMs: () => number;
  #untilMs = 0;

  /** @param monotonicMs the clock that the times of `extend` are of */
  constructor(sockets: HeldSockets, workers: Workers, monotonicMs: () => number) {
    this.#sockets = sockets;
    this.#workers = workers;
    this.#monotonicMs = monotonicMs;
  }

  async open(): Promise<void> {
    await this.#sockets.start();
    try {
      await this.#workers.listen({ untilMs: this.#untilMs, after: this.after });
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  extend(untilMs: number): void {
    // That they are no longer wanted is said by `close`, which reads what the kernel has accepted.
    if (!Number.isFinite(untilMs)) return;
    const before = this.#untilMs;
    this.#untilMs = machineMs() + (untilMs - this.#monotonicMs());
    if (Math.abs(this.#untilMs - before) >= LEAST_CHANGE_MS) this.#workers.hearUntil({ untilMs: this.#untilMs });
  }

  async close(): Promise<void> {
    await this.#workers.hush();
    await this.#sockets.stop();
  }
}
