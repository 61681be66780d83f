import { LINE_COLUMNS, LOG_COLUMN_NAMES, logColumns } from '../../query/logs/log-columns.ts';
import type { ShownColumn } from '../../query/records/record-table.ts';
import { csvWriter, jsonWriter, type RecordWriter } from '../records/record-writers.ts';
import { Table } from '../terminal/table.ts';
import { localTimeText, zoneText } from '../terminal/units.ts';
import { visibleText } from '../terminal/visible-text.ts';
import type { LineStyle } from '../records/line-style.ts';
import { MessageLines } from './message-line.ts';
import type { LogsOptions } from './logs-options.ts';

/** The form that the options ask for. @throws DogwatchError `USAGE` about a column that is none */
export function logWriter(
  { json, csv, raw, columns }: LogsOptions,
  style: LineStyle,
  isTerminal: boolean,
): RecordWriter {
  if (json === true) return jsonWriter(logColumns(columns ?? LOG_COLUMN_NAMES));
  if (csv === true) return csvWriter(logColumns(columns ?? LOG_COLUMN_NAMES), isTerminal);
  if (raw === true) return rawWriter(isTerminal);
  return columns === undefined ? lineWriter(style) : tableWriter(logColumns(columns), style);
}

function lineWriter(style: LineStyle): RecordWriter {
  const lines = new MessageLines(style);
  return { columns: logColumns(LINE_COLUMNS), head: '', text: (rows) => rows.map((row) => lines.line(row)).join('') };
}

/** A line for each message; to a file or a pipe its text as it is, but for line ends within. */
function rawWriter(isTerminal: boolean): RecordWriter {
  const line = (text: string) => (isTerminal ? visibleText(text) : text.replaceAll('\n', '\\n'));
  return {
    columns: logColumns(['message']),
    head: '',
    text: (rows) => rows.map(([text]) => `${line(text ?? '')}\n`).join(''),
  };
}

function tableWriter(columns: readonly ShownColumn[], { width, unicode }: LineStyle): RecordWriter {
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

function cell(column: ShownColumn | undefined, text: string | null): string {
  if (text === null) return '-';
  if (column?.type !== 'timestamptz') return visibleText(text);
  const moment = new Date(text);
  return `${localTimeText(moment, true)} ${zoneText(moment)}`;
}
