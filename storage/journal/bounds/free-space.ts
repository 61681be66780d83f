import { statfs } from 'node:fs/promises';
import type { Clock } from '../../../src/runtime/clock.ts';

const CHECK_EVERY_MS = 1000;

/** How much of a disk is free, as of at most a second or so ago. */
export class FreeSpace {
  /** Infinity where that cannot be found out: then the write itself will say it. */
  bytes = Infinity;
  /** Of the whole disk; Infinity where that cannot be found out. */
  totalBytes = Infinity;
  #directory: string;
  readonly #clock: Clock;
  #checkedMs = -Infinity;

  constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  /** Looks at another directory from now on. */
  moveTo(directory: string): void {
    this.#directory = directory;
    this.#checkedMs = -Infinity;
  }

  /** Looks again, unless the last look was a moment ago. */
  async refresh(): Promise<void> {
    if (this.#clock.monotonicMs() - this.#checkedMs < CHECK_EVERY_MS) return;
    this.#checkedMs = this.#clock.monotonicMs();
    try {
      const { bavail, blocks, bsize } = await statfs(this.#directory);
      [this.bytes, this.totalBytes] = [bavail * bsize, blocks * bsize];
    } catch {
      [this.bytes, this.totalBytes] = [Infinity, Infinity];
    }
  }
}
