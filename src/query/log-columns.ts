import { SYSLOG_MESSAGES } from '../../collectors/syslog/tables.ts';
import { DogwatchError } from '../runtime/errors.ts';

/** What of a message can be shown: its column with its type, or else an expression of type text. */
export interface LogColumn {
  readonly name: string;
  readonly type: string;
  readonly sql?: string;
}

const STORED: readonly LogColumn[] = SYSLOG_MESSAGES.columns;

/** All names that can be asked for, in the order of the table: what scripts get unless they ask otherwise. */
export const LOG_COLUMN_NAMES: readonly string[] = STORED.map(({ name }) => name);

/** What a line for people is made of, in this order. */
export const LINE_COLUMNS = [
  'received_at',
  'severity',
  'device',
  'hostname',
  'app_name',
  'proc_id',
  'mnemonic',
  'message',
] as const;

/** The columns of these names. @throws DogwatchError `USAGE` about a name that is none, with all that are */
export function logColumns(names: readonly string[]): LogColumn[] {
  return names.map((name) => {
    const found = STORED.find((column) => column.name === name);
    if (found !== undefined) return found;
    throw new DogwatchError('USAGE', `--columns: there is no column "${name}"`, {
      remedy: `There are ${LOG_COLUMN_NAMES.join(', ')}.`,
    });
  });
}

/** These columns as one JSON object; what the sender did not say is left out. */
export function jsonColumn(columns: readonly LogColumn[]): LogColumn {
  const names = columns.map(({ name }) => name).join(', ');
  const sql = `(SELECT json_strip_nulls(row_to_json(shown))::text FROM (SELECT ${names}) AS shown)`;
  return { name: 'json', type: 'text', sql };
}

/** The column as an SQL expression of type text. */
export function columnText({ name, type, sql }: LogColumn): string {
  if (sql !== undefined) return sql;
  // The session speaks UTC, so the offset is always Z.
  if (type === 'timestamptz') return `to_char(${name}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  return type === 'inet' ? `host(${name})` : `${name}::text`;
}
