import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseDuration } from '../../config/units.ts';
import type { RecordTable } from '../../query/records/record-table.ts';
import { RECORD_ORDERS, type RecordFilters, type RecordOrder } from '../../query/records/search-records.ts';
import { parseMoment, parseTimeRange, type TimeRange } from '../../query/time-range.ts';
import { DogwatchError } from '../../runtime/errors.ts';
import { configOption } from '../options/config-option.ts';
import { parseDurationOption, parseWholeNumber } from '../options/quantity-options.ts';
import { addRangeOptions, collect } from '../options/range-options.ts';

/** What every command that searches records takes. */
export interface RecordOptions {
  readonly config?: string;
  readonly last?: string;
  readonly from?: string;
  readonly to?: string;
  readonly around?: string;
  readonly span?: number;
  readonly follow?: true;
  readonly order?: RecordOrder;
  readonly limit?: number;
  readonly rate?: number;
  readonly json?: true;
  readonly csv?: true;
  readonly raw?: true;
  readonly wide?: true;
}

const DEFAULT_SPAN_MS = parseDuration('5m') ?? 300_000;

/** What options say that a stretch of time ends now; `--follow` has none. */
const TIME_OPTIONS = ['around', 'to'] as const;

/** Adds these options and the filters of a table. @returns what reads the filters from the parsed options */
export function addRecordOptions(
  command: Command,
  table: Pick<RecordTable, 'fields' | 'flags'>,
  rawSummary: string,
): (options: Readonly<Record<string, unknown>>) => RecordFilters {
  const fields = table.fields.map(({ name, value, summary }) =>
    new Option(`--${name} <${value}>`, summary).argParser(collect),
  );
  const flags = table.flags.map(({ name, summary }) => new Option(`--${name}`, summary));
  addRangeOptions(command)
    .addOption(new Option('--around <time>', 'the stretch before and after a moment').conflicts(['from', 'to', 'last']))
    .addOption(
      new Option('--span <time>', 'with --around: so far to both sides (default: 5m)').argParser(parseDurationOption),
    );
  for (const option of [...fields, ...flags]) command.addOption(option);
  command
    .addOption(
      new Option('-f, --follow', 'go on with what comes, until Ctrl-C').conflicts([...TIME_OPTIONS, 'csv', 'order']),
    )
    .addOption(
      new Option('--rate <n>', 'with --follow: lines a second at most; of more the newest are shown').argParser(
        parseWholeNumber(1, 100_000),
      ),
    )
    .addOption(
      new Option('--order <order>', 'last: the newest, but the newest at the end (default: last)').choices(
        RECORD_ORDERS,
      ),
    )
    .addOption(
      new Option('-n, --limit <n>', 'how many at most, or all (default: 100; with --follow 10, of before)').argParser(
        parseLimit,
      ),
    )
    .addOption(configOption())
    .addOption(new Option('--json', 'print a JSON object a line').conflicts(['csv', 'raw']))
    .addOption(new Option('--csv', 'print comma-separated values (RFC 4180)').conflicts('raw'))
    .addOption(new Option('--raw', rawSummary).conflicts('columns'))
    .option('--wide', 'do not cut lines at the width of the terminal');
  const asked = [...fields, ...flags].map((option) => ({ name: option.name(), key: option.attributeName() }));
  return (options) =>
    new Map(
      asked
        .filter(({ key }) => options[key] !== undefined)
        .map(({ name, key }) => {
          const value = options[key];
          return [name, Array.isArray(value) ? value.map(String) : []];
        }),
    );
}

/** The stretch that the options name. @throws DogwatchError `USAGE` */
export function recordRange(options: RecordOptions, now: Date): TimeRange {
  const { around, span } = options;
  if (around === undefined && span !== undefined)
    throw new DogwatchError('USAGE', '--span needs --around', {
      remedy: 'Write --around 14:30 --span 10m, or --last 10m.',
    });
  if (around === undefined) return parseTimeRange(options, now);
  const middle = parseMoment('--around', around, now).getTime();
  const spanMs = span ?? DEFAULT_SPAN_MS;
  return { from: new Date(middle - spanMs), to: new Date(middle + spanMs) };
}

function parseLimit(text: string): number {
  if (text === 'all') return Infinity;
  try {
    return parseWholeNumber(0, 1_000_000_000)(text);
  } catch {
    throw new InvalidArgumentError('It must be a whole number, or all.');
  }
}
