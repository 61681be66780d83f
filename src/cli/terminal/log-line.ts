/** Fields that have a place of their own in the line. */
const PLACED = new Set(['level', 'time', 'msg', 'remedy']);

const LEVELS: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };

/** A JSON log line as one that people read: time of day, level, message, fields; the remedy on a line of its own. */
export function readableLogLine(line: string): string {
  const fields = parseLine(line);
  if (fields === undefined) return line;
  const { time, msg, remedy } = fields;
  const level = (LEVELS[Number(fields['level'])] ?? '').padEnd(5);
  const rest = Object.entries(fields)
    .filter(([key]) => !PLACED.has(key))
    .map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const clock = typeof time === 'string' ? new Date(time).toTimeString().slice(0, 8) : '';
  const advice = typeof remedy === 'string' ? `\n         ${remedy}` : '';
  return `${clock} ${level} ${String(msg)}${rest.join('')}${advice}\n`;
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}
