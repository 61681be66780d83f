import { LINE_COLUMNS, RAW_HEX, TRAP_COLUMN_NAMES, trapColumns } from '../../query/traps/trap-columns.ts';
import { parseExactly } from '../records/exact-json.ts';
import type { LineStyle } from '../records/line-style.ts';
import { csvWriter, jsonWriter, type RecordWriter, type TextRow } from '../records/record-writers.ts';
import { TrapLines } from './trap-lines.ts';
import type { TrapNames } from './trap-names.ts';
import type { TrapsOptions } from './traps-options.ts';

/** The form that the options ask for. */
export function trapWriter(
  { json, csv, raw, long }: TrapsOptions,
  style: LineStyle,
  names: TrapNames,
  isTerminal: boolean,
): RecordWriter {
  if (json === true) return jsonWriter(trapColumns(TRAP_COLUMN_NAMES), (text) => renamedJson(text, names));
  if (csv === true) return renamedCsv(names, isTerminal);
  if (raw === true) return rawWriter();
  const lines = new TrapLines(style, names, long === true);
  return { columns: LINE_COLUMNS, head: '', text: (rows) => rows.map((row) => lines.text(row)).join('') };
}

/** The bytes of what could not be decoded, hexadecimal, a datagram a line. */
function rawWriter(): RecordWriter {
  return { columns: [RAW_HEX], head: '', text: (rows) => rows.map(([hex]) => `${hex ?? ''}\n`).join('') };
}

function renamedCsv(names: TrapNames, isTerminal: boolean): RecordWriter {
  const columns = trapColumns(TRAP_COLUMN_NAMES);
  const [oidAt, nameAt, varbindsAt] = ['trap_oid', 'trap_name', 'varbinds'].map((name) =>
    TRAP_COLUMN_NAMES.indexOf(name),
  );
  const writer = csvWriter(columns, isTerminal);
  const renamed = (row: TextRow): TextRow =>
    row.map((text, index) => {
      if (index === nameAt) return names.trapName(row[oidAt ?? 0] ?? null, text);
      return index === varbindsAt && text !== null ? JSON.stringify(names.varbinds(text)) : text;
    });
  return { ...writer, text: (rows) => writer.text(rows.map(renamed)) };
}

/** The row with names as they are today. */
function renamedJson(text: string, names: TrapNames): string {
  const row: unknown = parseExactly(text);
  if (typeof row !== 'object' || row === null) return text;
  const oid = 'trap_oid' in row && typeof row.trap_oid === 'string' ? row.trap_oid : null;
  const stored = 'trap_name' in row && typeof row.trap_name === 'string' ? row.trap_name : null;
  const name = names.trapName(oid, stored);
  const varbinds = 'varbinds' in row ? names.varbinds(JSON.stringify(row.varbinds)) : undefined;
  return JSON.stringify({ ...row, ...(name !== null && { trap_name: name }), ...(varbinds && { varbinds }) });
}
