import { Option, type Command } from 'commander';
import { LOG_COLUMN_NAMES } from '../../query/logs/log-columns.ts';
import type { RecordFilters } from '../../query/records/search-records.ts';
import { MESSAGES } from '../../query/logs/search-logs.ts';
import { addRecordOptions, type RecordOptions } from '../records/record-options.ts';

export interface LogsOptions extends RecordOptions {
  readonly columns?: readonly string[];
}

/** Adds every option of `dogwatch logs`. @returns what reads the filters from the parsed options */
export function addLogsOptions(command: Command): (options: Readonly<Record<string, unknown>>) => RecordFilters {
  const filtersOf = addRecordOptions(command, MESSAGES, 'print the texts of the messages alone');
  command.addOption(
    new Option('--columns <list>', `as a table, of ${LOG_COLUMN_NAMES.length} columns (below)`).argParser((text) =>
      text.split(',').map((name) => name.trim()),
    ),
  );
  return filtersOf;
}
