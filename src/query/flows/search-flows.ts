import type { DatabaseClient } from '../../../storage/database/database.ts';
import { Conditions } from '../conditions.ts';
import type { FlowColumn } from './flow-columns.ts';
import { requireRange, type TimeRange } from '../time-range.ts';
import { FILTER_FIELDS } from './flow-filter.ts';

/** What `--order` means. `none` is as the database finds them: no sorting, so the first comes at once. */
const ORDERS = {
  newest: 'ORDER BY received_at DESC',
  oldest: 'ORDER BY received_at',
  bytes: 'ORDER BY bytes DESC NULLS LAST, received_at DESC',
  packets: 'ORDER BY packets DESC NULLS LAST, received_at DESC',
  duration: 'ORDER BY flow_end - flow_start DESC NULLS LAST, received_at DESC',
  none: '',
} as const;

export type FlowOrder = keyof typeof ORDERS;
export const FLOW_ORDERS = ['newest', 'oldest', 'bytes', 'packets', 'duration', 'none'] as const;

/** By the name of a field of `FILTER_FIELDS` what was asked; several for one field must all hold. */
type FlowFilters = ReadonlyMap<string, readonly string[]>;

export interface FlowSearch {
  readonly range: TimeRange;
  readonly filters: FlowFilters;
  readonly columns: readonly FlowColumn[];
  readonly order: FlowOrder;
  /** Infinity for all. */
  readonly limit: number;
}

/** Rows of one round trip: enough to hide its time, few enough to hold. */
const FETCH_ROWS = 2000;

/**
 * The flows that match, each as the texts of its columns (null: not told), in chunks of at most 2,000 rows: never more
 * than that are in memory. Needs an open transaction.
 */
export function searchFlows(client: DatabaseClient, search: FlowSearch): AsyncGenerator<(string | null)[][]> {
  const expressions = search.columns.map(textOf);
  return fetchAll(client, search, expressions.join(', '));
}

/** The same as JSON objects, a text each; what the exporter did not say is left out. Numbers have all their digits. */
export async function* searchFlowsAsJson(client: DatabaseClient, search: FlowSearch): AsyncGenerator<string[]> {
  const fields = search.columns.map(({ name, sql }) => `${sql} AS ${name}`).join(', ');
  const json = `(SELECT json_strip_nulls(row_to_json(shown))::text FROM (SELECT ${fields}) AS shown)`;
  for await (const rows of fetchAll(client, search, json)) yield rows.map(([text]) => text ?? '{}');
}

async function* fetchAll(
  client: DatabaseClient,
  search: FlowSearch,
  selected: string,
): AsyncGenerator<(string | null)[][]> {
  const { text, values } = selectFlows(search, selected);
  await client.query({ text: `DECLARE found NO SCROLL CURSOR FOR ${text}`, values });
  try {
    for (;;) {
      const result = await client.query<(string | null)[]>({
        text: `FETCH ${FETCH_ROWS} FROM found`,
        rowMode: 'array',
      });
      if (result.rows.length > 0) yield result.rows;
      if (result.rows.length < FETCH_ROWS) return;
    }
  } finally {
    // A transaction that failed has closed it.
    await client.query('CLOSE found').catch(() => {});
  }
}

/** The statement of a search, with what was asked as parameters. */
export function selectFlows(search: FlowSearch, selected: string): { text: string; values: unknown[] } {
  const conditions = new Conditions();
  requireRange(conditions, search.range);
  for (const field of FILTER_FIELDS) {
    for (const words of search.filters.get(field.name) ?? []) field.apply(conditions, words);
  }
  const limit = search.limit === Infinity ? '' : `LIMIT ${conditions.bind(search.limit)}::int8`;
  const text = `SELECT ${selected} FROM flows WHERE ${conditions.sql} ${ORDERS[search.order]} ${limit}`;
  return { text, values: conditions.values };
}

function textOf({ sql, type }: FlowColumn): string {
  // The session speaks UTC, so the offset is always Z.
  if (type === 'timestamptz') return `to_char(${sql}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  return type === 'inet' ? `host(${sql})` : `(${sql})::text`;
}
