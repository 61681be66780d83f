import { jsonColumn, type ShownColumn } from '../../query/records/record-table.ts';
import { csvLine } from '../terminal/csv.ts';
import { terminalSafeJson } from '../terminal/output.ts';
import { visibleText } from '../terminal/visible-text.ts';

export type TextRow = readonly (string | null)[];

/** One form of printing records: the columns that it needs, and what it makes of rows. */
export interface RecordWriter {
  readonly columns: readonly ShownColumn[];
  /** Written first, also where nothing is found. */
  readonly head: string;
  readonly text: (rows: readonly TextRow[]) => string;
}

/** A JSON object a line; `change` may make another of it. */
export function jsonWriter(columns: readonly ShownColumn[], change = (json: string): string => json): RecordWriter {
  return {
    columns: [jsonColumn(columns)],
    head: '',
    text: (rows) => rows.map(([json]) => `${terminalSafeJson(change(json ?? '{}'))}\n`).join(''),
  };
}

/** RFC 4180. On a terminal without anything that it obeys. */
export function csvWriter(columns: readonly ShownColumn[], isTerminal: boolean): RecordWriter {
  const field = (text: string | null) => (isTerminal && text !== null ? visibleText(text) : text);
  return {
    columns,
    head: csvLine(columns.map(({ name }) => name)),
    text: (rows) => rows.map((row) => csvLine(row.map(field))).join(''),
  };
}
