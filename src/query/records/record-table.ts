import { DogwatchError } from '../../runtime/errors.ts';
import type { Conditions } from '../conditions.ts';
import type { FilterField } from '../flows/flow-filter.ts';

/** A table of records with an arrival time, and what they can be chosen by. */
export interface RecordTable {
  readonly name: string;
  readonly fields: readonly FilterField[];
  readonly flags: readonly FilterFlag[];
}

/** A way to choose records that takes no value. */
export interface FilterFlag {
  readonly name: string;
  readonly summary: string;
  readonly apply: (conditions: Conditions) => void;
}

/** What of a record can be shown: its column with its type, or else an expression of type text. */
export interface ShownColumn {
  readonly name: string;
  readonly type: string;
  readonly sql?: string;
}

/** Of `stored` those of these names. @throws DogwatchError `USAGE` about a name that is none, with all that are */
export function namedColumns(stored: readonly ShownColumn[], names: readonly string[]): ShownColumn[] {
  return names.map((name) => {
    const found = stored.find((column) => column.name === name);
    if (found !== undefined) return found;
    throw new DogwatchError('USAGE', `--columns: there is no column "${name}"`, {
      remedy: `There are ${stored.map((column) => column.name).join(', ')}.`,
    });
  });
}

/** These columns as one JSON object; what the sender did not say is left out. */
export function jsonColumn(columns: readonly ShownColumn[]): ShownColumn {
  const names = columns.map(({ name }) => name).join(', ');
  const sql = `(SELECT json_strip_nulls(row_to_json(shown))::text FROM (SELECT ${names}) AS shown)`;
  return { name: 'json', type: 'text', sql };
}

/** The column as an SQL expression of type text. */
export function columnText({ name, type, sql }: ShownColumn): string {
  if (sql !== undefined) return sql;
  // The session speaks UTC, so the offset is always Z.
  if (type === 'timestamptz') return `to_char(${name}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  return type === 'inet' ? `host(${name})` : `${name}::text`;
}
