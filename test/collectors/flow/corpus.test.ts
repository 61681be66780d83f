import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FlowDecoder } from '../../../collectors/flow/flow-decoder.ts';
import { FLOWS } from '../../../collectors/flow/tables.ts';
import { readPcap } from '../../../src/traffic/pcap.ts';
import { memorySinks } from '../../support/flow-sinks.ts';

/** Datagrams of real exporters, collected from the test suites of other projects; not part of this repository. */
const CORPUS = new URL('../../../../shared/corpus/flows/', import.meta.url);

/** One case of a source's `expected.jsonl`, as far as it is used here. */
interface Case {
  readonly case: string;
  readonly feed: readonly string[];
  readonly packaging: string;
  readonly datagrams: number;
  readonly records: number;
  readonly option_records?: number;
  readonly templates?: number;
  readonly option_templates?: number;
  readonly records_if_data_before_template_is_buffered?: number;
  readonly records_if_all_datagrams_fed?: number;
  readonly concatenated_offsets?: readonly number[];
  readonly records_acceptable?: readonly number[];
  readonly sets_without_template?: readonly number[];
  readonly samples_by_type?: Readonly<Record<string, number>>;
  readonly samples: readonly Sample[];
  readonly golden_total_bytes?: number;
  readonly golden_total_packets?: number;
  readonly golden_to_wire_ratio?: readonly number[];
}

type Sample = Readonly<Record<string, unknown>> & { readonly kind?: string; readonly index?: number };
type Row = Record<string, unknown>;

for (const source of existsSync(CORPUS) ? readdirSync(CORPUS) : []) {
  const folder = new URL(`${source}/`, CORPUS);
  if (!existsSync(new URL('expected.jsonl', folder))) continue;
  for (const line of readFileSync(new URL('expected.jsonl', folder), 'utf8').trim().split('\n')) {
    const expected: Case = JSON.parse(line);
    if (source === 'pmacct') test(`${source}: ${expected.case}`, () => checkSums(folder, expected));
    else test(`${source}: ${expected.case}`, () => checkRecords(folder, expected));
  }
}
if (!existsSync(CORPUS)) test('real exporters', { skip: 'the corpus is not here' }, () => {});

function checkRecords(folder: URL, expected: Case): void {
  const { decoder, rows } = decode(feedOf(folder, expected));
  checkTotals(decoder, expected);
  for (const sample of expected.samples) {
    if ((sample.kind ?? 'data') !== 'data') continue; // option records, and sFlow, which has a test of its own
    const wanted = columnsOf(sample);
    // What was held comes out in the order in which it came in; the expectation has it last.
    if (sample.index === undefined || expected.records_if_data_before_template_is_buffered !== undefined) {
      assert.ok(
        rows.some((row) => agrees(row, wanted)),
        `no row has ${JSON.stringify(wanted)} among ${JSON.stringify(rows)}`,
      );
    } else {
      const row = rows[sample.index];
      assert.ok(row !== undefined && agrees(row, wanted), `record ${sample.index}: ${describe(row, wanted)}`);
    }
  }
  if (expected.records_if_all_datagrams_fed !== undefined) {
    const all = decode(feedOf(folder, { ...expected, packaging: 'all' }));
    assert.equal(all.decoder.totals.records, expected.records_if_all_datagrams_fed);
    assert.equal(all.decoder.totals.undecodable, 0);
  }
}

/** pmacct's samples are sums over all records of a key, multiplied by the sampling rate where it was learnt. */
function checkSums(folder: URL, expected: Case): void {
  const { decoder, rows } = decode(feedOf(folder, expected));
  checkTotals(decoder, expected);
  const scaled = expected.golden_to_wire_ratio?.some((ratio) => ratio !== 1) === true;
  for (const sample of expected.samples) {
    const { bytes, packets, ...key } = columnsOf(sample);
    const matching = rows.filter((row) => agrees(row, key));
    assert.ok(matching.length > 0, JSON.stringify(key));
    assert.equal(sum(matching, 'bytes', scaled), bytes, JSON.stringify(key));
    assert.equal(sum(matching, 'packets', scaled), packets, JSON.stringify(key));
  }
}

function checkTotals(decoder: FlowDecoder, expected: Case): void {
  const { totals } = decoder;
  assert.equal(totals.datagrams, expected.datagrams, 'datagrams');
  const records = expected.records_if_data_before_template_is_buffered ?? expected.records;
  const { flow_sample = 0, expanded_flow_sample = 0, drop_sample = 0 } = expected.samples_by_type ?? {};
  if (expected.samples_by_type === undefined) assert.equal(totals.records, records, 'records');
  else assert.ok(totals.records >= flow_sample + expanded_flow_sample + drop_sample, 'samples');
  const { counter_sample = 0, expanded_counter_sample = 0 } = expected.samples_by_type ?? {};
  assert.equal(totals.counterSamples, counter_sample + expanded_counter_sample, 'counter samples');
  assert.equal(totals.optionRecords, expected.option_records ?? 0, 'option records');
  assert.equal(totals.templates, expected.templates ?? 0, 'templates');
  assert.equal(totals.optionTemplates, expected.option_templates ?? 0, 'options templates');
  if (expected.records_if_data_before_template_is_buffered === undefined && expected.sets_without_template) {
    assert.equal(totals.waiting, expected.sets_without_template.length, 'sets that wait for a template');
  }
  for (const { errors } of decoder.exporters()) assert.equal(errors.get('internal_error'), undefined);
}

function decode(feed: readonly Fed[]) {
  const sinks = memorySinks();
  const troubles: string[] = [];
  const decoder = new FlowDecoder({}, sinks, ({ reason, detail }) => troubles.push(`${reason}: ${detail}`));
  for (const datagram of feed) decoder.decode({ localPort: 2055, ...datagram });
  assert.deepEqual(
    troubles.filter((trouble) => trouble.startsWith('internal_error')),
    [],
  );
  // The second row of a bidirectional record is not on the wire.
  const rows = sinks.flows.read().filter((row) => property(row['extra'], 'biflowDirection') !== 2);
  return { decoder, rows, troubles };
}

interface Fed {
  readonly bytes: Buffer;
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly receivedAtMicros: number;
}

function feedOf(folder: URL, { feed, packaging, concatenated_offsets: offsets }: Case): Fed[] {
  return feed.flatMap((name, index) => {
    const bytes = readFileSync(new URL(name, folder));
    // Each of pmacct's captures is an exporter of its own, whatever addresses it shows.
    if (packaging === 'pcap')
      return fromCapture(bytes, folder.pathname.includes('pmacct') ? `192.0.2.${index + 1}` : '');
    const ends = offsets?.slice(1) ?? [];
    if (packaging === 'all')
      return [...ends, bytes.length].map((end, at) => payload(bytes.subarray(offsets?.[at], end)));
    return [payload(packaging.startsWith('first datagram') ? bytes.subarray(0, ends[0]) : bytes)];
  });
}

function fromCapture(bytes: Buffer, address: string): Fed[] {
  return [...readPcap(bytes)].map((captured) => ({
    bytes: captured.payload,
    sourceAddress: address === '' ? captured.sourceAddress : address,
    sourcePort: captured.sourcePort,
    receivedAtMicros: captured.timeMicros,
  }));
}

function payload(bytes: Buffer): Fed {
  return { bytes, sourceAddress: '192.0.2.1', sourcePort: 50_000, receivedAtMicros: 1_700_000_000_000_000 };
}

const COLUMNS: Readonly<Record<string, string>> = {
  src: 'src_addr',
  dst: 'dst_addr',
  sport: 'src_port',
  dport: 'dst_port',
  proto: 'protocol',
  next_hop: 'next_hop',
  first_ms: 'flow_start',
  start_ms: 'flow_start',
  last_ms: 'flow_end',
  end_ms: 'flow_end',
};
const ZERO_IS_NULL = ['src_as', 'dst_as', 'src_mask', 'dst_mask', 'next_hop'];
const NAMES = new Set(FLOWS.columns.map(({ name }) => name));

/** What a sample asserts, as our columns would have it. */
function columnsOf(sample: Sample): Row {
  const wanted: Row = {};
  for (const [key, value] of Object.entries(sample)) {
    const name = COLUMNS[key] ?? key;
    if (!NAMES.has(name) || value === null) continue; // (pmacct: the ports of ICMP)
    if (name === 'flow_start' || name === 'flow_end') wanted[name] = Math.round(Number(value) * 1000);
    else if (name === 'application_id') wanted[name] = `${Number(value) >>> 24}:${Number(value) & 0xff_ff_ff}`;
    else if (ZERO_IS_NULL.includes(name) && (value === 0 || value === '0.0.0.0' || value === '::')) wanted[name] = null;
    else wanted[name] = value;
  }
  return wanted;
}

function describe(row: Row | undefined, wanted: Row): string {
  const found = Object.keys(wanted).map((name) => [name, row?.[name]]);
  return `${JSON.stringify(Object.fromEntries(found))} instead of ${JSON.stringify(wanted)}`;
}

function agrees(row: Row, wanted: Row): boolean {
  return Object.entries(wanted).every(([name, value]) =>
    valuesOf(row, name).some((found) => equal(name, found, value)),
  );
}

function equal(name: string, found: unknown, value: unknown): boolean {
  // Nanoseconds of a header are cut here to whole microseconds, and rounded there.
  if (name === 'flow_start' || name === 'flow_end') return Math.abs(Number(found) - Number(value)) <= 1;
  return found === value;
}

/** The elements that one template may have twice: the packet within a tunnel comes after the tunnel's own. */
const REPEATED: Readonly<Record<string, readonly string[]>> = {
  src_addr: ['sourceIPv4Address', 'sourceIPv6Address'],
  dst_addr: ['destinationIPv4Address', 'destinationIPv6Address'],
  src_port: ['sourceTransportPort'],
  dst_port: ['destinationTransportPort'],
};

/** What the wire has for a column: pmacct keeps the last of repeated elements, `flows` the first, the others in `extra`. */
function valuesOf(row: Row, name: string): unknown[] {
  const elements = REPEATED[name] ?? [];
  const others = elements.flatMap((element) => [element, `${element}.2`]).map((key) => property(row['extra'], key));
  // The port column of ICMP holds type and code; samples have the port as it is on the wire, which is 0.
  const isIcmp = (row['protocol'] === 1 || row['protocol'] === 58) && name === 'dst_port';
  return [row[name], ...others, ...(isIcmp ? [0] : [])];
}

function sum(rows: readonly Row[], name: string, scaled: boolean): number {
  return rows.reduce((total, row) => total + Number(row[name]) * (scaled ? Number(row['sampling_rate']) : 1), 0);
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}
