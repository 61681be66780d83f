import { usage } from '../filter-values.ts';

/** Severities by number, as RFC 5424 section 6.2.1 has them and as programs write them. */
export const SEVERITY_NAMES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;

const SEVERITY_ALIASES: Readonly<Record<string, number>> = {
  panic: 0,
  emergency: 0,
  critical: 2,
  error: 3,
  warn: 4,
  informational: 6,
};

/** Facilities by number; those above 11 have no name that all agree on. */
export const FACILITY_NAMES: readonly string[] =
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock local0 local1 local2 local3 local4 local5 local6 local7'.split(
    ' ',
  );

const FACILITY_ALIASES: Readonly<Record<string, number>> = { kernel: 0, security: 4, console: 14 };

const LEAST_SEVERE = 7;
const SEVERITY_HELP =
  'Write emerg, alert, crit, err, warning, notice, info, debug or 0 to 7; warning+ or "<=warning" for that and worse; err..crit; or none';

export interface SeverityChoice {
  /** Ascending, each once. */
  readonly numbers: readonly number[];
  /** Messages without a severity. */
  readonly none: boolean;
}

/**
 * A list of `warning`, `4`, `none`, `err..crit` in either order, `warning+` (that and more severe), `<=warning` by number, which
 * is the same, `≤warning`, `<`, `>`, `>=`, `≥`.
 * @throws DogwatchError `USAGE`
 */
export function parseSeverities(option: string, list: string): SeverityChoice {
  const numbers = new Set<number>();
  let none = false;
  for (const part of list.split(',').map((each) => each.trim().toLowerCase())) {
    if (part === 'none') none = true;
    else for (const number of severityRange(option, part)) numbers.add(number);
  }
  return { numbers: [...numbers].sort((a, b) => a - b), none };
}

function severityRange(option: string, part: string): number[] {
  const [, comparison, compared] = /^(<=|>=|<|>|≤|≥|=)\s*(.+)$/.exec(part) ?? [];
  const [, first, last] = /^(.+?)\.\.(.+)$/.exec(part) ?? [];
  if (compared !== undefined) return compare(comparison ?? '', severity(option, compared));
  if (first !== undefined && last !== undefined) {
    const ends = [severity(option, first), severity(option, last)];
    return between(Math.min(...ends), Math.max(...ends));
  }
  if (part.endsWith('+')) return between(0, severity(option, part.slice(0, -1)));
  return [severity(option, part)];
}

function compare(comparison: string, number: number): number[] {
  if (comparison === '<') return between(0, number - 1);
  if (comparison === '>') return between(number + 1, LEAST_SEVERE);
  if (comparison === '=') return [number];
  return comparison === '<=' || comparison === '≤' ? between(0, number) : between(number, LEAST_SEVERE);
}

function severity(option: string, word: string): number {
  const number = severityOf(word);
  if (number === undefined) throw usage(option, word, 'is no severity', SEVERITY_HELP);
  return number;
}

/** The number of one severity, by name or number; undefined for anything else. */
export function severityOf(word: string): number | undefined {
  return numberOf(word.toLowerCase(), SEVERITY_NAMES, SEVERITY_ALIASES);
}

/** The number of one facility, by name or number; undefined for anything else. */
export function facilityOf(word: string): number | undefined {
  return numberOf(word.toLowerCase(), FACILITY_NAMES, FACILITY_ALIASES);
}

/** A facility by its name or number. @throws DogwatchError `USAGE` */
export function parseFacility(option: string, word: string): number {
  const number = facilityOf(word);
  if (number !== undefined) return number;
  throw usage(option, word, 'is no facility', 'Write kern, daemon, auth, cron, local0 to local7, …, 0 to 23, or none');
}

function numberOf(
  word: string,
  names: readonly string[],
  aliases: Readonly<Record<string, number>>,
): number | undefined {
  if (/^\d{1,2}$/.test(word)) return Number(word) < names.length ? Number(word) : undefined;
  const index = names.indexOf(word);
  return index >= 0 ? index : Object.hasOwn(aliases, word) ? aliases[word] : undefined;
}

function between(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
