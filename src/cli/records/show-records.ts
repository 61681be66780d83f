import type { DatabaseClient } from '../../../storage/database/database.ts';
import { loadConfig } from '../../config/load.ts';
import { Conditions } from '../../query/conditions.ts';
import { withDatabase } from '../../query/connect.ts';
import type { RecordTable } from '../../query/records/record-table.ts';
import {
  type RecordFilters,
  type RecordSearch,
  requireFilters,
  searchRecords,
} from '../../query/records/search-records.ts';
import type { TimeRange } from '../../query/time-range.ts';
import { writeOut } from '../terminal/output.ts';
import { rangeText } from '../terminal/top-screen.ts';
import { followToOutput } from './follow.ts';
import type { RecordOptions } from './record-options.ts';
import type { RecordWriter } from './record-writers.ts';

/** One asking of a command that searches or follows records. */
export interface Showing {
  readonly table: RecordTable;
  readonly filters: RecordFilters;
  readonly range: TimeRange;
  readonly writer: RecordWriter;
  /** What one record is called, and several: `message`, `messages`. */
  readonly nouns: readonly [one: string, several: string];
  /** `dogwatch logs`, shown in `pg_stat_activity`. */
  readonly command: string;
}

const DEFAULT_LIMIT = 100;
const DEFAULT_BACKLOG = 10;
const DEFAULT_RATE = 500;

/** Prints what is found, or what comes. @throws DogwatchError `USAGE`, `NOT_RUNNING`, `QUERY_FAILED` */
export async function showRecords(options: RecordOptions, showing: Showing): Promise<void> {
  const { table, filters, range, writer, nouns, command } = showing;
  const search: RecordSearch = {
    table,
    range,
    filters,
    columns: writer.columns,
    order: options.order ?? 'last',
    limit: options.limit ?? (options.follow === true ? DEFAULT_BACKLOG : DEFAULT_LIMIT),
  };
  // What is written wrong is said before the database is asked.
  requireFilters(new Conditions(), table, filters);
  const { config } = loadConfig({ file: options.config });
  const noticesInside = process.stdout.isTTY && options.json !== true;
  const perSecond = options.rate ?? DEFAULT_RATE;
  await withDatabase(config, command, (client) =>
    options.follow === true
      ? followToOutput(client, search, writer, { perSecond, noticesInside, what: nouns[1] })
      : writeFound(client, search, writer, nouns),
  );
}

async function writeFound(
  client: DatabaseClient,
  search: RecordSearch,
  writer: RecordWriter,
  nouns: Showing['nouns'],
): Promise<void> {
  if (writer.head !== '') await writeOut(writer.head);
  let count = 0;
  for await (const rows of searchRecords(client, search)) {
    await writeOut(writer.text(rows));
    count += rows.length;
  }
  // Not among the records: a script that reads them should not find it.
  process.stderr.write(summary(search, count, nouns));
}

function summary({ range, limit }: RecordSearch, count: number, [one, several]: Showing['nouns']): string {
  const when = rangeText(range);
  if (count === 0) return `No such ${several} ${when}.\n`;
  const more = count === limit ? '; there may be more (--limit)' : '';
  return `\n${count} ${count === 1 ? one : several} ${when}${more}.\n`;
}
