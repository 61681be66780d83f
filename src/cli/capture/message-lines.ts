import type { SyslogTotals } from '../../../collectors/syslog/syslog-decoder.ts';
import type { Row } from '../../traffic/memory-rows.ts';
import { SEVERITY_NAMES } from '../../query/logs/severities.ts';
import { grouped } from '../terminal/figures.ts';
import { renderTable, type TableColumn } from '../terminal/table.ts';
import { timeText } from './inspect-lines.ts';

const COLUMNS: readonly TableColumn[] = [
  { title: 'received' },
  { title: 'device' },
  { title: 'severity' },
  { title: 'host' },
  { title: 'app' },
  { title: 'vendor' },
  { title: 'mnemonic' },
  { title: 'message', shrinks: true },
];

/** Syslog messages, a line each. */
export function messageTable(rows: readonly Row[], width: number): string {
  return renderTable(COLUMNS, rows.map(messageCells), { width });
}

function messageCells(row: Row): string[] {
  const severity = row['severity'];
  const app = textOf(row['app_name']);
  const message =
    row['reason'] === null ? textOf(row['message']) : `(${textOf(row['reason'])}) ${textOf(row['message'])}`;
  return [
    timeText(row['received_at']),
    textOf(row['device']),
    typeof severity === 'number' ? (SEVERITY_NAMES[severity] ?? '-') : '-',
    textOf(row['hostname']),
    typeof row['proc_id'] === 'string' ? `${app}[${row['proc_id']}]` : app,
    textOf(row['vendor']),
    textOf(row['mnemonic']),
    message,
  ];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '-';
}

/** `12 messages, 1 without a header`; empty when there was none. */
export function messageTotalsLine({ messages, unparsed, lossy }: Readonly<SyslogTotals>): string {
  if (messages === 0) return '';
  const parts = [`${grouped(messages)} syslog messages`];
  if (unparsed > 0) parts.push(`${grouped(unparsed)} without a header`);
  if (lossy > 0) parts.push(`${grouped(lossy)} not valid text`);
  return `${parts.join(', ')}\n`;
}
