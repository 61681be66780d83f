/** The kernel forgets an address some time after its lifetime, measured: up to 0.4 s (`net/ipv4/devinet.c`, check_lifetime). */
const TOLERANCE_MS = 100;

/**
 * A lease as the kernel's lifetime of an address, in whole seconds; 0: too short for any. A lease that was asked for a moment ago, and is
 * therefore a little less than whole seconds, still counts as these.
 */
export function lifetimeSeconds(spanMs: number): number {
  return Math.max(0, Math.floor((spanMs + TOLERANCE_MS) / 1000));
}
