import type { TimeRange } from '../../query/time-range.ts';
import { speaksUnicode } from '../terminal/bars.ts';
import { speaksColour } from '../terminal/colour.ts';
import { outputWidth } from '../terminal/output.ts';
import { localTimeText } from '../terminal/units.ts';

/** How records are written as lines for people. */
export interface LineStyle {
  readonly colour: boolean;
  readonly unicode: boolean;
  /** Cells of the terminal; Infinity leaves lines as long as they are. */
  readonly width: number;
  /** With the day, where messages are of several. */
  readonly day: boolean;
}

/** That of standard output, for records of a stretch of time. `wide`: lines are not cut. */
export function lineStyle({ from, to }: TimeRange, wide: boolean): LineStyle {
  const dayOf = (moment: Date) => localTimeText(moment).slice(0, 10);
  const today = dayOf(new Date());
  return {
    colour: speaksColour(process.stdout, process.env),
    unicode: speaksUnicode(process.env),
    width: wide ? Infinity : outputWidth(),
    day: dayOf(from) !== today || dayOf(to) !== today,
  };
}

/** An arrival time, RFC 3339, in local time; without the day where all are of one. */
export function timeText(receivedAt: string | null | undefined, { day }: Pick<LineStyle, 'day'>): string {
  const text = localTimeText(new Date(receivedAt ?? ''), true);
  return day ? text : text.slice(text.indexOf(' ') + 1);
}
