import type { Finding } from '../../traffic/inspector.ts';
import type { Row } from '../../traffic/memory-rows.ts';
import { terminalSafeJson } from '../terminal/output.ts';

/** A finding as one line of JSON: `kind` and, beside it, its fields. Times are RFC 3339 with microseconds. */
export function findingJson(finding: Finding): string {
  return terminalSafeJson(JSON.stringify({ kind: finding.kind, ...fieldsOf(finding) }));
}

function fieldsOf(finding: Finding): object {
  if (finding.kind === 'template') return finding.template;
  if (finding.kind === 'option') return finding.option;
  if (finding.kind === 'v3-header') return readable({ ...finding.header });
  return finding.kind === 'trouble' ? finding.trouble : readable(finding.row);
}

const TIME_COLUMNS = new Set(['received_at', 'flow_start', 'flow_end', 'seen_at', 'device_time']);

function readable(row: Row): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, readableValue(name, value)]));
}

function readableValue(name: string, value: unknown): unknown {
  // JSON numbers keep 53 bits in most readers.
  if (typeof value === 'bigint') return value.toString();
  if (Buffer.isBuffer(value)) return value.toString('hex');
  return TIME_COLUMNS.has(name) && typeof value === 'number' ? rfc3339(value) : value;
}

function rfc3339(micros: number): string {
  const milliseconds = Math.floor(micros / 1000);
  return new Date(milliseconds).toISOString().replace('Z', `${String(micros - milliseconds * 1000).padStart(3, '0')}Z`);
}
