import type { Outcome } from '../../test/scenarios/lab/traffic/compare.ts';

/** What one run of a fault cost. */
export interface RunOutcome {
  /** The longest time without a stored datagram, by when they were sent. */
  readonly gapMs: number;
  readonly lost: number;
  readonly double: number;
}

/** All runs of one fault. */
export interface Measured {
  readonly who: string;
  readonly profile: string;
  readonly fault: string;
  readonly runs: readonly RunOutcome[];
}

/**
 * Divides what one exporter lost among the runs that went on while it sent. Datagrams that are stored twice belong to no run: the first
 * one has them all.
 * @param sendTimes milliseconds since the Unix epoch, that of number 1 at 0
 * @param starts when each run began
 * @throws Error where there are more gaps than were kept
 */
export function outcomesOfRuns(outcome: Outcome, sendTimes: Float64Array, starts: readonly number[]): RunOutcome[] {
  const kept = outcome.gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  if (kept !== outcome.missing) throw new Error(`${outcome.missing} datagrams are missing, in too many gaps to tell`);
  return starts.map((start, index) => {
    const end = starts[index + 1] ?? Infinity;
    // What was lost just before the fault was still on its way when it came.
    const gaps = outcome.gaps.filter(({ to }) => {
      const sentMs = sendTimes[to - 1] ?? 0;
      return (index === 0 || sentMs >= start) && sentMs < end;
    });
    return {
      gapMs: Math.max(0, ...gaps.map(({ gapMs }) => gapMs)),
      lost: gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0),
      double: index === 0 ? outcome.double : 0,
    };
  });
}
