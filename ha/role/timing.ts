import type { Timing } from './ports.ts';

/** Default: a dead host is replaced in about 3 s. */
export const DEFAULT_TIMING: Timing = { beatMs: 400, leaseMs: 2000, windowMs: 3000 };

/**
 * For a quiet network and a database that answers at once: a dead host is replaced in about 2 s. The lease has a tenth of a second beyond
 * the second that is the least lifetime of an address, since asking takes time as well.
 */
export const FAST_TIMING: Timing = { beatMs: 150, leaseMs: 1100, windowMs: 1775 };

/**
 * How much faster one node's clock may run than the other's: two clocks that are each 1 % off differ by 1.01 / 0.99. Quartz is a
 * thousand times better; a clock that NTP slews is not.
 */
const CLOCK_RATE_RATIO = 1.021;

/** How late the kernel may drop an address whose lifetime has ended; lifetimes are whole seconds, rounded down by the driver. */
const ADDRESS_EXPIRY_MS = 500;

const MIN_BEAT_MS = 50;
const MAX_WINDOW_MS = 60_000;

export interface TimingBreach {
  readonly setting: keyof Timing;
  /** What the setting says, in milliseconds. */
  readonly foundMs: number;
  /** The least that it may be, where it is too small. */
  readonly leastMs?: number;
  /** The most that it may be, where it is too large. */
  readonly mostMs?: number;
  /** The rule, for the operator. */
  readonly rule: string;
}

/** For how long a grant binds whoever gives it: on the slowest clock of the one who has it, the lease ends before the promise does. */
export function promiseMs(leaseMs: number): number {
  return leaseMs * CLOCK_RATE_RATIO;
}

/** The least takeover window for a lease and a beat. */
export function leastWindowMs(timing: Pick<Timing, 'beatMs' | 'leaseMs'>): number {
  return Math.ceil(promiseMs(timing.leaseMs) + timing.beatMs + ADDRESS_EXPIRY_MS);
}

/** What breaks the rules between the spans; empty where all is well. Each setting is named once at most. */
export function timingBreaches(timing: Timing): TimingBreach[] {
  const { beatMs, leaseMs, windowMs } = timing;
  const breaches: TimingBreach[] = [];
  // `!(a >= b)` also refuses what is no number.
  if (!(beatMs >= MIN_BEAT_MS)) {
    const rule = `a beat takes at least ${MIN_BEAT_MS} ms`;
    breaches.push({ setting: 'beatMs', foundMs: beatMs, leastMs: MIN_BEAT_MS, rule });
  }
  if (!(leaseMs >= 2 * beatMs)) {
    const rule = 'the lease spans at least two beats, so that one that is lost does no harm';
    breaches.push({ setting: 'leaseMs', foundMs: leaseMs, leastMs: 2 * beatMs, rule });
  }
  const leastMs = leastWindowMs(timing);
  if (!(windowMs >= leastMs)) {
    const rule =
      `the takeover window outlasts the lease on a clock ${((CLOCK_RATE_RATIO - 1) * 100).toFixed(1)} % slower, one beat, ` +
      `and the ${ADDRESS_EXPIRY_MS} ms by which the kernel may drop the address late`;
    breaches.push({ setting: 'windowMs', foundMs: windowMs, leastMs, rule });
  } else if (windowMs > MAX_WINDOW_MS) {
    const rule = 'the takeover window is at most a minute';
    breaches.push({ setting: 'windowMs', foundMs: windowMs, mostMs: MAX_WINDOW_MS, rule });
  }
  return breaches;
}
