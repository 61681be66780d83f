import type { DatabaseClient } from '../../../storage/database/database.ts';
import { LOG_FILTER_FIELDS, LOG_FILTER_FLAGS } from './log-filter.ts';
import type { RecordTable } from '../records/record-table.ts';
import { type RecordSearch, searchRecords, selectRecords } from '../records/search-records.ts';
import type { TimeRange } from '../time-range.ts';

/** Messages of syslog, and what they can be chosen by. */
export const MESSAGES: RecordTable = { name: 'syslog_messages', fields: LOG_FILTER_FIELDS, flags: LOG_FILTER_FLAGS };

/** A question about messages. */
export type LogSearch = Omit<RecordSearch, 'table'>;

/** `searchRecords` of messages. */
export function searchLogs(client: DatabaseClient, search: LogSearch): AsyncGenerator<(string | null)[][]> {
  return searchRecords(client, { ...search, table: MESSAGES });
}

/** `selectRecords` of messages. */
export function selectLogs(
  search: Pick<LogSearch, 'filters' | 'order'>,
  range: TimeRange,
  limit: number,
  selected: string,
): ReturnType<typeof selectRecords> {
  return selectRecords({ ...search, table: MESSAGES }, range, limit, selected);
}
