import type { Config } from '../config/schema.ts';

/** `notify.quiet`. */
export type QuietTime = NonNullable<Config['notify']['quiet']>;

const DAY_MINUTES = 1440;
const MINUTE_MS = 60_000;
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/**
 * When the quiet time ends in which a moment lies; undefined: it lies in none.
 * @param atMs milliseconds since the Unix epoch
 */
export function quietUntil(quiet: QuietTime | undefined, atMs: number): number | undefined {
  if (quiet === undefined) return undefined;
  const from = minutesOf(quiet.from);
  const to = minutesOf(quiet.to);
  const { day, minute } = localTime(atMs, quiet.timeZone);
  const isOvernight = to < from;
  const isOf = (weekday: number): boolean => quiet.days.some((each) => each === DAYS[(weekday + 7) % 7]);
  const isEvening = minute >= from && (isOvernight || minute < to) && isOf(day);
  const isMorning = isOvernight && minute < to && isOf(day - 1);
  if (!isEvening && !isMorning) return undefined;
  const left = (to - minute + DAY_MINUTES) % DAY_MINUTES;
  const endMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS + left * MINUTE_MS;
  // A clock that was put forward or back meanwhile.
  const off =
    (((to - localTime(endMs, quiet.timeZone).minute + DAY_MINUTES / 2) % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES;
  return endMs + (off - DAY_MINUTES / 2) * MINUTE_MS;
}

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

/** Day of the week, 0 is Sunday, and minute of the day. @param timeZone of the machine where there is none */
function localTime(atMs: number, timeZone: string | undefined): { day: number; minute: number } {
  const format = new Intl.DateTimeFormat('en-US', {
    ...(timeZone === undefined ? {} : { timeZone }),
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  const day = DAYS.findIndex((each) => each === parts.get('weekday')?.toLowerCase());
  return { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
}
