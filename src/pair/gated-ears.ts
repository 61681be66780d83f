import type { Ears } from '../../ha/role/ports.ts';
import type { HeldSockets } from '../keeper/held-sockets.ts';
import type { Workers } from '../keeper/workers.ts';
import { machineMs } from '../runtime/clock.ts';

/** The listeners of a node of a pair: sockets that the keeper binds on the virtual IP, and workers that read them while they may. */
export class GatedEars implements Ears {
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
      await this.#workers.listen({ untilMs: this.#untilMs });
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  extend(untilMs: number): void {
    this.#untilMs = machineMs() + (untilMs - this.#monotonicMs());
    this.#workers.hearUntil({ untilMs: this.#untilMs });
  }

  async close(): Promise<void> {
    await this.#workers.hush();
    await this.#sockets.stop();
  }
}
