import { DogwatchError } from '../../../src/runtime/errors.ts';
import type { Heartbeat } from '../../../ha/role/ports.ts';
import { Cuts } from './cuts.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** How long a node waits for an answer before it gives up. */
const PATIENCE_MS = 1500;

/** Made once: its stack costs more than all the rest of a simulated question. */
const UNREACHABLE = new DogwatchError('HEARTBEAT_UNREACHABLE', 'the database does not answer');

/** The database: one row, seen over a network that may be cut from either node, with stalls, restarts and restored backups. */
export class SimDatabase {
  row: Heartbeat = { epoch: 0, holder: '', session: '', counter: 0 };
  /** Refuses connections at once. */
  isDown = false;
  /** Nothing is executed before this moment; what waits is executed then. */
  stalledUntilMs = 0;
  /** One way, in addition to a little. */
  slowMs = 0;
  /** Nodes that cannot reach it; what is sent meanwhile is never executed. */
  readonly cutFrom = new Cuts();
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #backups: Heartbeat[] = [];

  constructor(timeline: Timeline, random: Random) {
    this.#timeline = timeline;
    this.#random = random;
  }

  keepBackup(): void {
    this.#backups.push(this.row);
  }

  restoreBackup(): void {
    if (this.#backups.length > 0) this.row = this.#random.pick(this.#backups);
  }

  /** @param answer gets the answer on the node's side; called at most once */
  ask<T>(node: string, execute: () => T, answer: (value: T) => void, fail: (thrown: unknown) => void): void {
    if (this.isDown && !this.cutFrom.has(node)) {
      this.#timeline.after(this.#delayMs(), () => fail(UNREACHABLE));
      return;
    }
    const giveUp = this.#timeline.after(PATIENCE_MS + 2 * this.slowMs, () => fail(UNREACHABLE));
    if (this.cutFrom.has(node)) return;
    const run = (): void => {
      if (this.isDown) return;
      const now = this.#timeline.nowMs;
      if (now < this.stalledUntilMs) {
        // Released in no particular order.
        this.#timeline.at(this.stalledUntilMs + this.#random.between(0, 20), run);
        return;
      }
      const value = execute();
      if (this.cutFrom.has(node)) return;
      this.#timeline.after(this.#delayMs(), () => {
        giveUp();
        answer(value);
      });
    };
    this.#timeline.after(this.#delayMs(), run);
  }

  replace(seen: Heartbeat, next: Heartbeat): Heartbeat {
    const { row } = this;
    const isSeen =
      row.epoch === seen.epoch &&
      row.holder === seen.holder &&
      row.session === seen.session &&
      row.counter === seen.counter;
    if (isSeen) this.row = next;
    return this.row;
  }

  #delayMs(): number {
    return this.slowMs + this.#random.between(0.3, this.#random.chance(0.02) ? 150 : 8);
  }
}
