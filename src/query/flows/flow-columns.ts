import { FLOWS } from '../../../collectors/flow/tables.ts';
import { DogwatchError } from '../../runtime/errors.ts';
import { interfaceNameOf } from '../interface-names.ts';

/** What of a flow can be shown. */
export interface FlowColumn {
  readonly name: string;
  /** An SQL expression; of the type that JSON should have. */
  readonly sql: string;
  readonly type: string;
}

/** The columns of the table, in its order. */
const STORED: readonly FlowColumn[] = FLOWS.columns.map(({ name, type }) => ({ name, sql: name, type }));

const DERIVED: readonly FlowColumn[] = [
  { name: 'source', sql: endpoint('src'), type: 'text' },
  { name: 'destination', sql: endpoint('dst'), type: 'text' },
  { name: 'duration', sql: 'extract(epoch FROM flow_end - flow_start)', type: 'seconds' },
  { name: 'scaled_bytes', sql: 'bytes::numeric * coalesce(sampling_rate, 1)', type: 'int8' },
  { name: 'scaled_packets', sql: 'packets::numeric * coalesce(sampling_rate, 1)', type: 'int8' },
  { name: 'in_name', sql: interfaceNameOf('in_if'), type: 'text' },
  { name: 'out_name', sql: interfaceNameOf('out_if'), type: 'text' },
  {
    name: 'application',
    sql: `coalesce((SELECT a.name FROM applications a
      WHERE a.exporter = flows.exporter AND a.application_id = flows.application_id), application_id)`,
    type: 'text',
  },
];

/** All names that can be asked for. */
export const FLOW_COLUMN_NAMES: readonly string[] = [...STORED, ...DERIVED].map(({ name }) => name);

/** What scripts get unless they ask otherwise: the table as it is. */
export const STORED_COLUMNS: readonly string[] = STORED.map(({ name }) => name);

/** What people get unless they ask otherwise. */
export const SHOWN_COLUMNS: readonly string[] = [
  'received_at',
  'duration',
  'protocol',
  'source',
  'destination',
  'packets',
  'bytes',
  'tcp_flags',
  'sampling_rate',
  'exporter',
];

/** The columns of these names. @throws DogwatchError `USAGE` about a name that is none, with all that are */
export function flowColumns(names: readonly string[]): FlowColumn[] {
  return names.map((name) => {
    const found = [...STORED, ...DERIVED].find((column) => column.name === name);
    if (found !== undefined) return found;
    throw new DogwatchError('USAGE', `--columns: there is no column "${name}"`, {
      remedy: `There are ${FLOW_COLUMN_NAMES.join(', ')}.`,
    });
  });
}

/** `192.0.2.1:80`, `[2001:db8::1]:80`; the address alone where no port is known or the protocol has none. */
function endpoint(side: 'src' | 'dst'): string {
  const address = `${side}_addr`;
  const port = `${side}_port`;
  return `CASE WHEN ${port} IS NULL OR protocol NOT IN (6, 17, 33, 132, 136) THEN host(${address})
    WHEN family(${address}) = 6 THEN '[' || host(${address}) || ']:' || ${port}
    ELSE coalesce(host(${address}), '') || ':' || ${port} END`;
}
