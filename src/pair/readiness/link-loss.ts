import { readFileSync } from 'node:fs';
import type { Clock } from '../../runtime/clock.ts';

/** A port that is only being plugged into another switch, or negotiates its speed anew, is back by then. */
const LOST_MS = 2000;
/** A link that comes and goes does not move the role back and forth. */
const AGAIN_MS = 30_000;

/** What counts for the decision, at one look. */
export interface LinkFacts {
  readonly isActive: boolean;
  /** Undefined: not known. */
  readonly hasLink: boolean | undefined;
  readonly peerIsReady: boolean;
}

/**
 * An active node that has both votes, and no link on the interface of the virtual IP: database and peer are reached over another network,
 * and nothing comes from the devices. It hands the role over where the other node is ready, which it is not without a link of its own.
 */
export class LinkLoss {
  readonly #clock: Clock;
  readonly #handOver: () => void;
  #lostSinceMs: number | undefined;
  #handedMs = -Infinity;

  /** @param handOver begins a switchover; called once in half a minute at most */
  constructor(clock: Clock, handOver: () => void) {
    this.#clock = clock;
    this.#handOver = handOver;
  }

  /** To be called every second or so. */
  look({ isActive, hasLink, peerIsReady }: LinkFacts): void {
    const now = this.#clock.monotonicMs();
    if (!isActive || hasLink !== false) {
      this.#lostSinceMs = undefined;
      return;
    }
    this.#lostSinceMs ??= now;
    if (now - this.#lostSinceMs < LOST_MS || !peerIsReady || now - this.#handedMs < AGAIN_MS) return;
    this.#handedMs = now;
    this.#handOver();
  }
}

/**
 * Whether an interface has a carrier (Linux, Documentation/ABI/testing/sysfs-class-net).
 * @returns undefined where that cannot be found out, such as of one that is not there
 */
export function hasCarrier(interfaceName: string): boolean | undefined {
  try {
    return readFileSync(`/sys/class/net/${interfaceName}/carrier`, 'latin1').trim() === '1';
  } catch (error) {
    // The kernel refuses the question while the administrator has set the interface down.
    return error instanceof Error && 'code' in error && error.code === 'EINVAL' ? false : undefined;
  }
}
