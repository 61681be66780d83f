/** By number; RFC 5424 section 6.2.1, in the words of syslog(3) and logger(1). */
export const FACILITIES = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'ntp',
  'audit',
  'alert',
  'clock',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
] as const;

/** By number. */
export const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;

const OTHER_NAMES: Readonly<Record<string, number>> = {
  emergency: 0,
  panic: 0,
  critical: 2,
  error: 3,
  warn: 4,
  informational: 6,
};

/** The number of a facility, given by name or number; undefined for anything else. */
export function facilityOf(word: string): number | undefined {
  return numberOf(word, FACILITIES);
}

/** The number of a severity, given by name or number; undefined for anything else. */
export function severityOf(word: string): number | undefined {
  return OTHER_NAMES[word.toLowerCase()] ?? numberOf(word, SEVERITIES);
}

function numberOf(word: string, names: readonly string[]): number | undefined {
  const index = /^\d{1,2}$/.test(word) ? Number(word) : names.indexOf(word.toLowerCase());
  return index >= 0 && index < names.length ? index : undefined;
}
