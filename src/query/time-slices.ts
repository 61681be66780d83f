import type { TimeRange } from './time-range.ts';

/** The first slice: mostly enough for the newest hundred messages. */
const FIRST_MS = 10_000;
const GROWTH = 4;

export interface SliceOptions {
  /** The end of the range to begin with. */
  readonly from: 'oldest' | 'newest';
  /** Longest slice. */
  readonly mostMs: number;
}

/**
 * Cuts `range` into stretches that follow each other, each four times as long as the one before. Who looks for the first so
 * many rows in order of time, and stops when there are enough, reads little where much matches, and all only where little does.
 */
export function* timeSlices(range: TimeRange, { from, mostMs }: SliceOptions): Generator<TimeRange> {
  let [start, end] = [range.from.getTime(), range.to.getTime()];
  for (let width = FIRST_MS; start < end; width = Math.min(width * GROWTH, mostMs)) {
    if (from === 'newest') {
      const cut = Math.max(start, end - width);
      yield { from: new Date(cut), to: new Date(end) };
      end = cut;
    } else {
      const cut = Math.min(end, start + width);
      yield { from: new Date(start), to: new Date(cut) };
      start = cut;
    }
  }
}
