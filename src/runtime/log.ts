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

/** The log of a process, whose level may change while it runs. */
export interface ProcessLog extends Log {
  /** From now on, also for what `child` has given. */
  changeLevel(level: LogLevel): void;
}

/** One JSON object a line on standard error, so that standard output stays free for results. */
export function createLog(level: LogLevel, write: (line: string) => void = writeToStandardError): ProcessLog {
  const all: { level: string }[] = [];
  const onChild = (child: { level: string }): void => void all.push(child);
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, onChild }, { write });
  all.push(log);
  return Object.assign(log, {
    changeLevel(wanted: LogLevel) {
      for (const each of all) each.level = wanted;
    },
  });
}

/** A log that says nothing; for commands that report in their own words, and for tests. */
export const silentLog: Log = pino({ level: 'silent' });

function writeToStandardError(line: string): void {
  process.stderr.write(line);
}
