/** Time as the program sees it; passed in, so that tests own it. */
export interface Clock {
  /** Wall clock, microseconds since the Unix epoch. May step. */
  nowMicros(): number;
  /** Monotonic milliseconds since an arbitrary start. Never steps. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs`; the returned function cancels it. Does not keep the process alive. */
  after(delayMs: number, run: () => void): () => void;
}

/** Fixed at the start; read once, since each datagram is stamped. */
const ORIGIN_MS = performance.timeOrigin;

/** The machine's own clocks. The wall clock has the resolution of `performance.now()`, a few microseconds. */
export const systemClock: Clock = {
  nowMicros() {
    const monotonic = performance.now();
    return Math.round((ORIGIN_MS + monotonic) * 1000) + driftMicros(monotonic);
  },
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** A monotonic clock that all processes of this machine share, milliseconds; for times that one tells another. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A time of `machineMs` by the `monotonicMs` of this process. */
export function monotonicOfMachineMs(atMs: number): number {
  return systemClock.monotonicMs() + (atMs - machineMs());
}

// The wall clock may be stepped (NTP) after the start. The difference is measured at most once a second, since `Date.now()` costs as
// much as the rest of a time stamp.
let measuredAtMs = -Infinity;
let drift = 0;
function driftMicros(monotonic: number): number {
  if (monotonic - measuredAtMs >= 1000) {
    measuredAtMs = monotonic;
    const difference = Date.now() - (ORIGIN_MS + monotonic);
    drift = Math.abs(difference) < 5 ? 0 : Math.round(difference * 1000);
  }
  return drift;
}
