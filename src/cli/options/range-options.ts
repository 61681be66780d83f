import { Option, type Command } from 'commander';
import { DEFAULT_LAST } from '../../query/time-range.ts';

/**
 * `--last`, `--from` and `--to`, the same in every command that asks about a stretch of time.
 * @param usual the stretch where neither `--last` nor `--from` is given
 */
export function addRangeOptions(command: Command, usual = DEFAULT_LAST): Command {
  return command
    .addOption(new Option('--last <time>', `the stretch before now, or before --to (default: ${usual})`))
    .addOption(new Option('--from <time>', 'start: 14:30, 2026-11-22, "2026-11-22 14:30", …T14:30:00Z, 2h (ago)'))
    .addOption(new Option('--to <time>', 'end, written alike (default: now)'));
}

/** For options that may be given several times, all of which must hold. */
export function collect(words: string, previous: readonly string[] = []): string[] {
  return [...previous, words];
}
