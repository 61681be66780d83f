import { SNMP_TRAPS } from '../../../collectors/snmp/tables.ts';
import { namedColumns, type ShownColumn } from '../records/record-table.ts';

const STORED: readonly ShownColumn[] = SNMP_TRAPS.columns;

/** All names that can be asked for, in the order of the table: what scripts get unless they ask otherwise. */
export const TRAP_COLUMN_NAMES: readonly string[] = STORED.map(({ name }) => name);

/** The columns of these names. @throws DogwatchError `USAGE` about a name that is none, with all that are */
export function trapColumns(names: readonly string[]): ShownColumn[] {
  return namedColumns(STORED, names);
}

/** Bytes of what could not be decoded, as hexadecimal. */
export const RAW_HEX: ShownColumn = { name: 'raw', type: 'text', sql: `encode(raw, 'hex')` };

/** What lines for people are made of, as `LINE_COLUMN_NAMES` says. */
export const LINE_COLUMNS: readonly ShownColumn[] = [
  ...trapColumns([
    'received_at',
    'pdu',
    'device',
    'agent_address',
    'trap_oid',
    'trap_name',
    'varbinds',
    'reason',
    'version',
    'security_level',
    'security_name',
    'engine_id',
    'context_name',
    'uptime',
    'enterprise',
  ]),
  { name: 'flags', type: 'text', sql: `array_to_string(flags, ' ')` },
  { name: 'bytes', type: 'text', sql: 'octet_length(raw)::text' },
];
