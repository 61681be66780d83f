export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** A terminal that closes asks to stop; without one, SIGHUP asks to read files again (see `FileWatch`). */
function stopSignals(): readonly StopSignal[] {
  return process.stdin.isTTY || process.stderr.isTTY ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : ['SIGINT', 'SIGTERM'];
}

/**
 * Signals this soon after the first one are its echo: Ctrl-C in a terminal reaches this process from the terminal and
 * once more from each parent that passes it on (npm, our own launcher).
 */
const ECHO_MS = 300;

/**
 * Calls `first` at the first signal that asks to stop and `again` at each later one.
 * @returns what restores the signals' defaults
 */
export function onStopSignals(first: (signal: StopSignal) => void, again: (signal: StopSignal) => void): () => void {
  let firstAtMs: number | undefined;
  const receive = (signal: StopSignal) => {
    const now = performance.now();
    if (firstAtMs === undefined) {
      firstAtMs = now;
      first(signal);
    } else if (now - firstAtMs > ECHO_MS) {
      again(signal);
    }
  };
  const signals = stopSignals();
  for (const signal of signals) process.on(signal, receive);
  return () => {
    for (const signal of signals) process.off(signal, receive);
  };
}
