import { pino } from 'pino';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

type LogMethod = (fields: Record<string, unknown>, message: string) => void;

/** Structured log lines: fields first, then one short lower-case sentence without the fields' values. */
export interface Log {
  error: LogMethod;
  warn: LogMethod;
  info: LogMethod;
  debug: LogMethod;
  trace: LogMethod;
  /** The same log with fields that every line of it carries. */
  child(fields: Record<string, unknown>): Log;
}

/** One JSON object a line on standard error, so that standard output stays free for results. */
export function createLog(level: LogLevel, write: (line: string) => void = writeToStandardError): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write });
}

/** A log that says nothing; for commands that report in their own words, and for tests. */
export const silentLog: Log = pino({ level: 'silent' });

function writeToStandardError(line: string): void {
  process.stderr.write(line);
}
