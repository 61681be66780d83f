import type { ExporterView } from '../../../collectors/flow/exporter/exporter.ts';
import type { DecoderTotals } from '../../../collectors/flow/flow-decoder.ts';
import type { OptionFinding, TemplateFinding } from '../../traffic/inspector.ts';
import type { Row } from '../../traffic/memory-rows.ts';
import { alignColumns, type AlignedColumn } from '../terminal/align.ts';
import { grouped } from '../terminal/figures.ts';

const FLOW_COLUMNS: readonly AlignedColumn[] = [
  { title: 'received' },
  { title: 'exporter' },
  { title: 'source' },
  { title: 'destination' },
  { title: 'proto' },
  { title: 'bytes', right: true },
  { title: 'packets', right: true },
  { title: 'in', right: true },
  { title: 'out', right: true },
  { title: 'sampling' },
  { title: 'more' },
];

const PROTOCOLS: Readonly<Record<string, string>> = {
  1: 'icmp',
  2: 'igmp',
  4: 'ipip',
  6: 'tcp',
  17: 'udp',
  41: 'ipv6',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'icmp6',
  89: 'ospf',
  103: 'pim',
  112: 'vrrp',
  132: 'sctp',
};

/** Columns that have no place of their own in the table, and what they are called there. */
const FURTHER: readonly (readonly [string, string])[] = [
  ['src_as', 'srcAs'],
  ['dst_as', 'dstAs'],
  ['tcp_flags', 'flags'],
  ['tos', 'tos'],
  ['vlan', 'vlan'],
  ['next_hop', 'nextHop'],
  ['application_id', 'app'],
];

export function flowTable(rows: readonly Row[], width: number): string {
  return alignColumns(FLOW_COLUMNS, rows.map(flowCells), width);
}

function flowCells(row: Row): string[] {
  const protocol = text(row['protocol']);
  const rate = text(row['sampling_rate']);
  return [
    timeText(row['received_at']),
    text(row['exporter']),
    endpoint(row['src_addr'], row['src_port']),
    endpoint(row['dst_addr'], row['dst_port']),
    PROTOCOLS[protocol] ?? protocol,
    text(row['bytes']),
    text(row['packets']),
    text(row['in_if']),
    text(row['out_if']),
    rate === '-' ? 'unknown' : `1:${rate} (${text(row['sampling_source'])})`,
    furtherText(row),
  ];
}

function furtherText(row: Row): string {
  const named = FURTHER.filter(([column]) => row[column] !== null && row[column] !== 0).map(
    ([column, name]) => `${name}=${text(row[column])}`,
  );
  const extra = Object.entries(objectOf(row['extra'])).map(([name, value]) => `${name}=${text(value)}`);
  return [...named, ...extra].join(' ');
}

function endpoint(address: unknown, port: unknown): string {
  const host = text(address);
  if (port === null) return host;
  return host.includes(':') ? `[${host}]:${text(port)}` : `${host}:${text(port)}`;
}

/** Local time of day, to the millisecond. */
export function timeText(micros: unknown): string {
  if (typeof micros !== 'number') return '-';
  const time = new Date(micros / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  return `${clock}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

export function templateLines(template: TemplateFinding, width: number): string {
  const kind = template.options ? 'options template' : 'template';
  const head = `${kind} ${template.id} of ${template.exporter}, ${template.protocol}, domain ${template.observationDomain}`;
  const columns = [{ title: '  field' }, { title: 'element', right: true }, { title: 'length', right: true }];
  const rows = template.fields.map(({ name, pen, id, length, scope }) => [
    `  ${name}${scope ? ' (scope)' : ''}`,
    pen === 0 ? String(id) : `${pen}.${id}`,
    length === 65_535 ? 'variable' : String(length),
  ]);
  return `${head}, ${template.fields.length} fields\n${alignColumns(columns, rows, width)}`;
}

export function templateSummary(template: TemplateFinding): string {
  const kind = template.options ? 'options template' : 'template';
  const names = template.fields.map(({ name }) => name).join(' ');
  return `${template.exporter} domain ${template.observationDomain} ${kind} ${template.id}: ${names}`;
}

export function optionLine({ exporter, observationDomain, templateId, record }: OptionFinding): string {
  return `${exporter} domain ${observationDomain} template ${templateId}: ${fieldsText(record)}`;
}

export function counterLine(row: Row): string {
  const counters = Object.entries(objectOf(row['counters'])).map(([name, value]) => `${name}: ${fieldsText(value)}`);
  return `${text(row['exporter'])} interface ${text(row['if_index'])} ${counters.join('; ')}`;
}

function fieldsText(value: unknown): string {
  const fields = Object.entries(objectOf(value));
  return fields.length === 0 ? text(value) : fields.map(([name, field]) => `${name}=${text(field)}`).join(' ');
}

export function exporterTable(exporters: Iterable<ExporterView>, width: number): string {
  const right = (title: string): AlignedColumn => ({ title, right: true });
  const columns = [
    { title: 'exporter' },
    right('domain'),
    { title: 'protocol' },
    ...['datagrams', 'records', 'templates', 'lost', 'reordered', 'duplicates', 'restarts', 'undecodable'].map(right),
    { title: 'sampling' },
  ];
  const rows = Array.from(exporters, (exporter) => [
    exporter.address,
    String(exporter.observationDomain),
    exporter.protocol,
    grouped(exporter.datagrams),
    grouped(exporter.records),
    grouped(exporter.templates),
    grouped(exporter.lost),
    grouped(exporter.reordered),
    grouped(exporter.duplicates),
    grouped(exporter.restarts),
    grouped(exporter.undecodable),
    exporter.samplingRate === 0 ? 'in the records, or unknown' : `1:${exporter.samplingRate}`,
  ]);
  return rows.length === 0 ? '' : alignColumns(columns, rows, width);
}

export function totalsLine(totals: Readonly<DecoderTotals>): string {
  const parts = [
    `${grouped(totals.datagrams)} datagrams`,
    `${grouped(totals.records)} records`,
    `${grouped(totals.optionRecords)} option records`,
    `${grouped(totals.counterSamples)} counter samples`,
    `${grouped(totals.undecodable)} troubles`,
  ];
  if (totals.waiting > 0) parts.push(`${grouped(totals.waiting)} data sets without their template`);
  return `${parts.join(', ')}\n`;
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

function text(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'bigint') return value.toString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
