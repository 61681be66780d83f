import { type DatabaseClient, sqlStateOf } from '../../../storage/database/database.ts';
import { listPartitions } from '../../../storage/database/partitions.ts';
import { DogwatchError } from '../../runtime/errors.ts';
import { Conditions } from '../conditions.ts';
import { requireRange, type TimeRange } from '../time-range.ts';
import { timeSlices } from '../time-slices.ts';
import { columnText, type RecordTable, type ShownColumn } from './record-table.ts';

/** What `--order` means. `last`: the newest ones, but printed in the order of time, as at the end of a log file. */
export const RECORD_ORDERS = ['last', 'newest', 'oldest'] as const;
export type RecordOrder = (typeof RECORD_ORDERS)[number];

/** By the name of a filter field what was asked, all of which must hold; by that of a flag, anything. */
export type RecordFilters = ReadonlyMap<string, readonly string[]>;

/** A question to one table of records: messages, traps. */
export interface RecordSearch {
  readonly table: RecordTable;
  readonly range: TimeRange;
  readonly filters: RecordFilters;
  readonly columns: readonly ShownColumn[];
  readonly order: RecordOrder;
  /** Infinity for all. */
  readonly limit: number;
}

type TextRow = (string | null)[];

/** Rows of one round trip: enough to hide its time, few enough to hold. */
const FETCH_ROWS = 2000;
const HOUR_MS = 3_600_000;
/** Locks on a day of partitions and their indexes are what a server has room for. */
const LONGEST_SLICE_MS = 24 * HOUR_MS;
const INVALID_REGEX = '2201B';

/**
 * The records that match, each as the texts of its columns (null: not told), in chunks. No more than a chunk is in memory,
 * but for the order `last`, where `limit` rows are. Needs an open transaction.
 * @throws DogwatchError `USAGE` about a pattern that the database does not understand
 */
export async function* searchRecords(client: DatabaseClient, search: RecordSearch): AsyncGenerator<TextRow[]> {
  const chunks = fetchInOrder(client, search, search.columns.map(columnText).join(', '));
  yield* search.order === 'last' ? turned(chunks, search.limit) : chunks;
}

/** The conditions of `filters`. @throws DogwatchError `USAGE` about what was written */
export function requireFilters(conditions: Conditions, { fields, flags }: RecordTable, filters: RecordFilters): void {
  for (const { name, apply } of fields) {
    for (const words of filters.get(name) ?? []) apply(conditions, words);
  }
  for (const { name, apply } of flags) if (filters.has(name)) apply(conditions);
}

/** The statement for one stretch of a search, with what was asked as parameters. */
export function selectRecords(
  { table, filters, order }: Pick<RecordSearch, 'table' | 'filters' | 'order'>,
  range: TimeRange,
  limit: number,
  selected: string,
): { text: string; values: unknown[] } {
  const conditions = new Conditions();
  requireRange(conditions, range);
  requireFilters(conditions, table, filters);
  const direction = order === 'oldest' ? '' : 'DESC';
  const bound = limit === Infinity ? '' : `LIMIT ${conditions.bind(limit)}::int8`;
  const text = `SELECT ${selected} FROM ${table.name} WHERE ${conditions.sql} ORDER BY received_at ${direction} ${bound}`;
  return { text, values: conditions.values };
}

/** Newest first, or oldest first; of `last` as well newest first. */
async function* fetchInOrder(
  client: DatabaseClient,
  search: RecordSearch,
  selected: string,
): AsyncGenerator<TextRow[]> {
  // Everything at once is sorted, and one hour is what can be sorted quickly.
  const mostMs = search.limit === Infinity ? HOUR_MS : LONGEST_SLICE_MS;
  // All of a range in the order of time needs no turning.
  const order = search.order === 'last' && search.limit === Infinity ? 'oldest' : search.order;
  const from = order === 'oldest' ? 'oldest' : 'newest';
  let left = search.limit;
  for (const slice of timeSlices(await storedRange(client, search), { from, mostMs })) {
    if (left <= 0) return;
    for await (const rows of fetchSlice(client, selectRecords({ ...search, order }, slice, left, selected))) {
      left -= rows.length;
      yield rows;
    }
  }
}

/** That of `range` for which there are partitions. Without any all of it, so that the database may say what is wrong. */
async function storedRange(client: DatabaseClient, { table, range }: RecordSearch): Promise<TimeRange> {
  const partitions = await listPartitions(client, table.name);
  if (partitions.length === 0) return range;
  const oldest = Math.min(...partitions.map(({ lower }) => lower)) / 1000;
  const newest = Math.max(...partitions.map(({ upper }) => upper)) / 1000;
  const from = new Date(Math.max(range.from.getTime(), oldest));
  return { from, to: new Date(Math.max(from.getTime(), Math.min(range.to.getTime(), newest))) };
}

async function* fetchSlice(
  client: DatabaseClient,
  statement: { text: string; values: unknown[] },
): AsyncGenerator<TextRow[]> {
  // Its end gives back the locks on the partitions of this slice and on their indexes: a month of them is too many.
  await client.query('SAVEPOINT slice');
  try {
    await client.query({ ...statement, text: `DECLARE found NO SCROLL CURSOR FOR ${statement.text}` });
    for (;;) {
      const result = await client.query<TextRow>({ text: `FETCH ${FETCH_ROWS} FROM found`, rowMode: 'array' });
      if (result.rows.length > 0) yield result.rows;
      if (result.rows.length < FETCH_ROWS) return;
    }
  } catch (error) {
    throw understood(error);
  } finally {
    await client.query('ROLLBACK TO slice; RELEASE slice').catch(() => {});
  }
}

/** Of at most `limit` rows, newest first, the same rows oldest first. */
async function* turned(chunks: AsyncGenerator<TextRow[]>, limit: number): AsyncGenerator<TextRow[]> {
  if (limit === Infinity) {
    yield* chunks;
    return;
  }
  const all: TextRow[][] = [];
  for await (const rows of chunks) all.push(rows.toReversed());
  yield* all.toReversed();
}

/** What the database says of a regular expression is about the question. */
export function understood(error: unknown): unknown {
  if (sqlStateOf(error) !== INVALID_REGEX) return error;
  const message = error instanceof Error ? error.message : '';
  return new DogwatchError('USAGE', `--regex: ${message}`, {
    remedy: "Write a regular expression in PostgreSQL's syntax; --match looks for text as it is.",
  });
}
