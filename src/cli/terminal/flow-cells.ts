import type { FlowColumn } from '../../query/flows/flow-columns.ts';
import { protocolName, tcpFlagsText } from '../../query/protocols.ts';
import type { TableColumn } from './table.ts';
import { localTimeText, secondsText, zoneText } from './units.ts';

const NOT_TOLD = '-';
const NUMBERS = new Set(['int2', 'int4', 'int8', 'seconds']);
const WORDS: Readonly<Record<string, (text: string) => string>> = {
  protocol: (text) => protocolName(Number(text)),
  tcp_flags: (text) => tcpFlagsText(Number(text)),
  sampling_rate: (text) => `1:${text}`,
  direction: (text) => ({ '0': 'in', '1': 'out' })[text] ?? text,
};

/** How a column of flows stands in a table for people. */
export function flowTableColumn({ name, type }: FlowColumn): TableColumn {
  const right = NUMBERS.has(type) && (!Object.hasOwn(WORDS, name) || name === 'sampling_rate');
  return {
    title: TITLES[name] ?? name,
    right,
    shrinks: name === 'extra' || name === 'source' || name === 'destination',
  };
}

const TITLES: Readonly<Record<string, string>> = {
  received_at: `received`,
  tcp_flags: 'flags',
  sampling_rate: 'sampling',
};

/** The text of a column as people read it: local time, names of protocols, letters of flags. */
export function flowCell(column: FlowColumn | undefined, text: string | null): string {
  if (column === undefined || text === null) return NOT_TOLD;
  if (column.type === 'timestamptz') return timeText(new Date(text));
  if (column.type === 'seconds') return secondsText(Number(text));
  return (Object.hasOwn(WORDS, column.name) ? WORDS[column.name] : undefined)?.(text) ?? text;
}

/** With its offset, since a table may reach over the change to summer time. */
function timeText(moment: Date): string {
  return `${localTimeText(moment, true)} ${zoneText(moment)}`;
}
