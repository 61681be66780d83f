import type { Acceptance } from '../acceptance.ts';

/** A connection that wants to go on reading. */
export interface Reader {
  /** Reads again, until it has had its share. */
  takeTurn(): void;
}

/** How many of those that have had their share read again in one turn of the event loop. */
const READERS_A_TURN = 8;

/**
 * Shares the event loop among connections, and holds them all while the queue has no room.
 *
 *     idle ──wait()──▶ next turn ──room──▶ some read again ──others wait──▶ next turn
 *       ▲                  │  ▲                  └── nobody waits ──▶ idle
 *       │               no room └───── room ─────┐
 *     stop()               └──▶ held ────────────┘
 */
export class ConnectionTurns {
  /** How often reading stopped because the queue had no room. */
  pauses = 0;
  readonly #acceptance: Acceptance;
  readonly #waiting = new Set<Reader>();
  readonly #stopped = new AbortController();
  #next: NodeJS.Immediate | undefined;
  #isHeld = false;

  constructor(acceptance: Acceptance) {
    this.#acceptance = acceptance;
  }

  hasRoom(): boolean {
    return !this.#isHeld && this.#acceptance.hasRoom();
  }

  /** `reader` has stopped reading, and gets a turn when there is room and those before it had theirs. */
  wait(reader: Reader): void {
    this.#waiting.add(reader);
    this.#schedule();
  }

  /** `reader` has ended. */
  leave(reader: Reader): void {
    this.#waiting.delete(reader);
  }

  /** Nobody gets a turn any more. */
  stop(): void {
    this.#stopped.abort();
    clearImmediate(this.#next);
    this.#waiting.clear();
  }

  #schedule(): void {
    if (this.#isHeld || this.#stopped.signal.aborted) return;
    this.#next ??= setImmediate(() => {
      this.#next = undefined;
      this.#turn();
    });
  }

  #turn(): void {
    if (!this.#acceptance.hasRoom()) {
      void this.#hold();
      return;
    }
    let turns = 0;
    for (const reader of this.#waiting) {
      this.#waiting.delete(reader);
      reader.takeTurn();
      turns += 1;
      if (turns === READERS_A_TURN || !this.#acceptance.hasRoom()) break;
    }
    if (this.#waiting.size > 0) this.#schedule();
  }

  async #hold(): Promise<void> {
    this.#isHeld = true;
    this.pauses += 1;
    await this.#acceptance.whenRoom(this.#stopped.signal);
    this.#isHeld = false;
    if (this.#waiting.size > 0) this.#schedule();
  }
}
