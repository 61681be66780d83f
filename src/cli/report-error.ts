import { CommanderError } from 'commander';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import { EXIT } from './exit-codes.ts';

const EXIT_BY_CODE: Readonly<Record<string, number>> = {
  CONFIG_INVALID: EXIT.usage,
  CONFIG_UNREADABLE: EXIT.usage,
  USAGE: EXIT.usage,
  NOT_RUNNING: EXIT.notRunning,
};

/** The exit code for anything that a command threw. Commander has spoken already when it throws. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
  return thrown instanceof DogwatchError ? (EXIT_BY_CODE[thrown.code] ?? EXIT.failure) : EXIT.failure;
}

/** What the operator reads: message and remedy. The stack of a broken invariant is shown always, others with `debug`. */
export function errorText(thrown: unknown, debug: boolean): string {
  if (!(thrown instanceof DogwatchError)) {
    const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    return `dogwatch: unexpected trouble, please report it: ${stack}\n`;
  }
  const remedy = thrown.remedy === undefined ? '' : `\n${thrown.remedy}`;
  const stack = debug ? `\n${thrown.code}\n${thrown.stack ?? ''}` : '';
  return `dogwatch: ${messageOf(thrown)}${remedy}${stack}\n`;
}
