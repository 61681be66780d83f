import { formatDuration, parseDuration } from '../config/units.ts';
import { DogwatchError } from '../runtime/errors.ts';
import type { Conditions } from './conditions.ts';

/** A stretch of arrival times: `from` inclusive, `to` exclusive. */
export interface TimeRange {
  readonly from: Date;
  readonly to: Date;
}

/** As written by people. */
export interface TimeRangeWords {
  /** A duration, `15m`. */
  readonly last?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export const DEFAULT_LAST = '15m';

const EXAMPLES = 'Write it as 14:30, 2026-11-22, "2026-11-22 14:30", 2026-11-22T14:30:00Z or 2h (ago).';

/**
 * `--from` up to `--to` or now, or the `--last` stretch before `--to` or now.
 * @throws DogwatchError `USAGE`
 */
export function parseTimeRange({ last, from, to }: TimeRangeWords, now: Date): TimeRange {
  const end = to === undefined ? now : parseMoment('--to', to, now);
  if (from !== undefined && last !== undefined) {
    throw new DogwatchError('USAGE', '--from and --last exclude each other', {
      remedy: 'Use --from with --to, or --last.',
    });
  }
  const start = from === undefined ? new Date(end.getTime() - lastMs(last)) : parseMoment('--from', from, now);
  if (start < end) return { from: start, to: end };
  const problem = `--from (${start.toISOString()}) is not before ${to === undefined ? 'now' : '--to'} (${end.toISOString()})`;
  throw new DogwatchError('USAGE', problem, { remedy: EXAMPLES });
}

/** Restricts a question to a range, by the column that partitions the table, so that others are not even opened. */
export function requireRange(conditions: Conditions, { from, to }: TimeRange): void {
  conditions.require(
    `received_at >= ${conditions.bind(from.toISOString())}::timestamptz AND received_at < ${conditions.bind(to.toISOString())}::timestamptz`,
  );
}

/** Seconds of a range, never 0. */
export function rangeSeconds({ from, to }: TimeRange): number {
  return Math.max(1, to.getTime() - from.getTime()) / 1000;
}

function lastMs(words = DEFAULT_LAST): number {
  const ms = parseDuration(words);
  // 100 years: below what a Date can hold, above what anybody keeps.
  if (ms !== undefined && ms > 0 && ms <= 36_525 * 86_400_000) return ms;
  const examples = [900_000, 21_600_000, 604_800_000].map(formatDuration).join(', ');
  throw new DogwatchError('USAGE', `--last: "${words}" is no duration`, { remedy: `Write it as ${examples}.` });
}

/**
 * A day, a time of today, both, or a duration ago. Without a zone it is the local one (TZ).
 * Its fields must be real: 30 February is an error, not 2 March.
 * @throws DogwatchError `USAGE` about `option`
 */
export function parseMoment(option: string, words: string, now: Date): Date {
  const ago = parseDuration(words);
  if (ago !== undefined && words.trim() !== '0') return valid(option, words, new Date(now.getTime() - ago));
  const match =
    /^(?:(\d{4})-(\d\d)-(\d\d))?[T ]?(?:(\d\d):(\d\d)(?::(\d\d)(\.\d{1,6})?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/i.exec(
      words.trim(),
    );
  if (match === null || (match[1] === undefined && match[4] === undefined)) return valid(option, words, undefined);
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = ''] = match;
  const date = year === undefined ? today(now) : `${year}-${month}-${day}`;
  // Milliseconds are the most that a Date holds.
  const time = `${hour}:${minute}:${second}${fraction.slice(0, 4)}`;
  const exists = new Date(`${date}T${time}Z`).getUTCDate() === Number(date.slice(8)) && Number(hour) < 24;
  const offset = zone.toUpperCase().replace(/^([+-]\d\d):?(\d\d)$/, '$1:$2');
  return valid(option, words, exists ? new Date(`${date}T${time}${offset}`) : undefined);
}

/** The local day, `2026-11-22`. */
function today(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

function valid(option: string, words: string, moment: Date | undefined): Date {
  if (moment !== undefined && !Number.isNaN(moment.getTime())) return moment;
  throw new DogwatchError('USAGE', `${option}: "${words}" is no time`, { remedy: EXAMPLES });
}
