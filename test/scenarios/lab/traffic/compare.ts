/** A run of numbers, both included. */
interface NumberRange {
  readonly from: number;
  readonly to: number;
  /** From when the datagram before it was sent until when the one behind it was: how long nobody was there. */
  readonly gapMs: number;
}

/** What became of numbered datagrams. */
export interface Outcome {
  readonly sent: number;
  /** Different ones. */
  readonly stored: number;
  readonly missing: number;
  /** Stored more than once. */
  readonly double: number;
  /** Stored, and never sent. */
  readonly unknown: number;
  /** 0: nothing is missing. */
  readonly longestGapMs: number;
  /** The longest ones first, a hundred at most. */
  readonly gaps: readonly NumberRange[];
}

const MAX_GAPS = 100;

/**
 * Compares what an exporter sent with what is in the database.
 * @param sendTimes milliseconds; that of number 1 is at 0
 * @param stored the numbers of all rows, in any order
 */
export function compare(sendTimes: Float64Array, stored: Iterable<number>): Outcome {
  const times = new Uint32Array(sendTimes.length + 1);
  let unknown = 0;
  for (const number of stored) {
    if (number >= 1 && number <= sendTimes.length) times[number] = (times[number] ?? 0) + 1;
    else unknown += 1;
  }
  const gaps = findGaps(times, sendTimes);
  const missing = gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const longest = gaps.toSorted((one, other) => other.gapMs - one.gapMs);
  return {
    sent: sendTimes.length,
    stored: sendTimes.length - missing,
    missing,
    double: times.reduce((sum, count) => sum + (count > 1 ? 1 : 0), 0),
    unknown,
    longestGapMs: Math.round((longest[0]?.gapMs ?? 0) * 10) / 10,
    gaps: longest.slice(0, MAX_GAPS),
  };
}

function findGaps(counts: Uint32Array, sendTimes: Float64Array): NumberRange[] {
  const gaps: NumberRange[] = [];
  for (let number = 1; number < counts.length; number += 1) {
    if (counts[number] !== 0) continue;
    const from = number;
    while (number + 1 < counts.length && counts[number + 1] === 0) number += 1;
    const sentBefore = sendTimes[from - 2] ?? sendTimes[0] ?? 0;
    const sentBehind = sendTimes[number] ?? sendTimes.at(-1) ?? 0;
    gaps.push({ from, to: number, gapMs: sentBehind - sentBefore });
  }
  return gaps;
}
