import { jsonColumn, LINE_COLUMNS, LOG_COLUMN_NAMES, type LogColumn, logColumns } from '../../query/log-columns.ts';
import { csvLine } from '../terminal/csv.ts';
import { terminalSafeJson } from '../terminal/output.ts';
import { Table } from '../terminal/table.ts';
import { localTimeText, zoneText } from '../terminal/units.ts';
import { visibleText } from '../terminal/visible-text.ts';
import { type LineStyle, MessageLines } from './message-line.ts';
import type { LogsOptions } from './logs-options.ts';

type TextRow = readonly (string | null)[];

/** One form of printing messages: the columns that it needs, and what it makes of rows. */
export interface LogWriter {
  readonly columns: readonly LogColumn[];
  /** Written first, also where nothing is found. */
  readonly head: string;
  readonly text: (rows: readonly TextRow[]) => string;
}

/** The form that the options ask for. @throws DogwatchError `USAGE` about a column that is none */
export function logWriter({ json, csv, raw, columns }: LogsOptions, style: LineStyle, isTerminal: boolean): LogWriter {
  if (json === true) return jsonWriter(logColumns(columns ?? LOG_COLUMN_NAMES));
  if (csv === true) return csvWriter(logColumns(columns ?? LOG_COLUMN_NAMES), isTerminal);
  if (raw === true) return rawWriter(isTerminal);
  return columns === undefined ? lineWriter(style) : tableWriter(logColumns(columns), style);
}

function lineWriter(style: LineStyle): LogWriter {
  const lines = new MessageLines(style);
  return { columns: logColumns(LINE_COLUMNS), head: '', text: (rows) => rows.map((row) => lines.line(row)).join('') };
}

/** A line for each message; to a file or a pipe its text as it is, but for line ends within. */
function rawWriter(isTerminal: boolean): LogWriter {
  const line = (text: string) => (isTerminal ? visibleText(text) : text.replaceAll('\n', '\\n'));
  return {
    columns: logColumns(['message']),
    head: '',
    text: (rows) => rows.map(([text]) => `${line(text ?? '')}\n`).join(''),
  };
}

function jsonWriter(columns: readonly LogColumn[]): LogWriter {
  return {
    columns: [jsonColumn(columns)],
    head: '',
    text: (rows) => rows.map(([json]) => `${terminalSafeJson(json ?? '{}')}\n`).join(''),
  };
}

function csvWriter(columns: readonly LogColumn[], isTerminal: boolean): LogWriter {
  const field = (text: string | null) => (isTerminal && text !== null ? visibleText(text) : text);
  return {
    columns,
    head: csvLine(columns.map(({ name }) => name)),
    text: (rows) => rows.map((row) => csvLine(row.map(field))).join(''),
  };
}

function tableWriter(columns: readonly LogColumn[], { width, unicode }: LineStyle): LogWriter {
  const shrinking = new Set(['message', 'fields', 'structured_data', 'raw']);
  const titles = columns.map(({ name }) => ({ title: name, shrinks: shrinking.has(name) }));
  const table = new Table(titles, { width, unicode });
  let isFirst = true;
  return {
    columns,
    head: '',
    text: (rows) => {
      const cells = rows.map((row) => row.map((text, index) => cell(columns[index], text)));
      const head = isFirst ? table.head(cells) : '';
      isFirst = false;
      return head + table.body(cells);
    },
  };
}

function cell(column: LogColumn | undefined, text: string | null): string {
  if (text === null) return '-';
  if (column?.type !== 'timestamptz') return visibleText(text);
  const moment = new Date(text);
  return `${localTimeText(moment, true)} ${zoneText(moment)}`;
}
