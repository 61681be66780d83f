import { SYSLOG_MESSAGES } from '../../../collectors/syslog/tables.ts';
import { namedColumns, type ShownColumn } from '../records/record-table.ts';

const STORED: readonly ShownColumn[] = SYSLOG_MESSAGES.columns;

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
export function logColumns(names: readonly string[]): ShownColumn[] {
  return namedColumns(STORED, names);
}
