import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import data from '../../../../collectors/flow/sflow/sflow-structures.json' with { type: 'json' };
import { readPcap } from '../../../../src/traffic/pcap.ts';
import { SflowDecoder } from '../../../../collectors/flow/sflow/sflow.ts';
import { memorySinks } from '../../../support/flow-sinks.ts';
import { ARRIVED_AT, exporterState, member } from '../../../support/sflow-rows.ts';

/** Datagrams of real agents, collected from the test suites of other projects; not part of this repository. */
const CORPUS = new URL('../../../../../shared/corpus/flows/', import.meta.url);
const SOURCES = ['gopacket-sflow', 'goflow2', 'tcpdump-sflow'];

/** One case of a source's `expected.jsonl`, as far as it is used here. */
interface Case {
  readonly case: string;
  readonly protocol: string;
  readonly feed: readonly string[];
  readonly records: number;
  readonly samples_by_type: Readonly<Record<string, number>>;
  readonly records_by_type: Readonly<Record<string, number>>;
  readonly samples: readonly Sample[];
}

type Sample = Readonly<Record<string, unknown>>;
type Row = Readonly<Record<string, unknown>>;

for (const source of existsSync(CORPUS) ? SOURCES : []) {
  const folder = new URL(`${source}/`, CORPUS);
  for (const line of readFileSync(new URL('expected.jsonl', folder), 'utf8').trim().split('\n')) {
    const expected: Case = JSON.parse(line);
    if (expected.protocol === 'sflow5') test(`${source}: ${expected.case}`, () => check(folder, expected));
  }
}
if (!existsSync(CORPUS)) test('real sFlow agents', { skip: 'the corpus is not here' }, () => {});

function check(folder: URL, expected: Case): void {
  const { counts, flows, counters } = decode(folder, expected);
  const of = (...types: string[]) => types.reduce((sum, type) => sum + (expected.samples_by_type[type] ?? 0), 0);
  assert.equal(counts.flowSamples, of('flow_sample', 'expanded_flow_sample'));
  assert.equal(counts.counterSamples, of('counter_sample', 'expanded_counter_sample'));
  assert.equal(counts.dropSamples, of('drop_sample'));
  assert.equal(counts.skippedSamples, 0);
  assert.equal(flows.length, expected.records);
  assert.equal(counters.length, counts.counterSamples);
  checkStructures(expected, counts, counters);
  const flowSamples = expected.samples.filter(({ kind }) => kind !== 'CounterSample');
  flowSamples.forEach((sample, order) => {
    const row = flows[typeof sample['index'] === 'number' ? sample['index'] : order] ?? {};
    checkColumns(row, sample, columnsOfFlow(sample));
  });
  const counterSamples = expected.samples.filter(({ kind }) => kind === 'CounterSample');
  counterSamples.forEach((sample, order) => {
    checkColumns(counters[order] ?? {}, sample, columnsOfCounters(sample));
  });
}

function checkStructures(expected: Case, counts: Counts, counters: readonly Row[]): void {
  const all = Object.entries(expected.records_by_type);
  assert.equal(
    counts.structures,
    all.reduce((sum, [, count]) => sum + count, 0),
  );
  assert.equal(counts.unknownStructures, 0);
  const structures: Readonly<Record<string, readonly string[]>> = data.counter;
  for (const [type, count] of all.filter(([id]) => id.startsWith('c_'))) {
    const name = structures[type.slice(2)]?.[0] ?? type;
    assert.equal(counters.filter((row) => member(row, 'counters', name) !== undefined).length, count, name);
  }
}

function checkColumns(row: Row, sample: Sample, wanted: Row): void {
  for (const [column, value] of Object.entries(wanted)) {
    const actual = column.includes('.') ? member(row, ...column.split('.')) : row[column];
    assert.deepEqual(actual ?? null, value, `${column} of ${JSON.stringify(sample)}: ${JSON.stringify(row)}`);
  }
}

/** What the sources call a thing, as a column (a dot leads into JSON). */
function columnsOfFlow(sample: Sample): Row {
  const raw = (key: string) => interfaceOf(Number(sample[key]));
  const expanded = sample['kind'] === 'expanded flow sample' || 'in_fmt' in sample || sample['_type'] === 'drop_sample';
  const wanted: Record<string, unknown> = {};
  for (const [key, column] of FLOW_COLUMNS) if (key in sample) wanted[column] = sample[key];
  if ('sw_out_vlan' in sample) wanted['extra.postVlanId'] = sample['sw_out_vlan'] === 0 ? null : sample['sw_out_vlan'];
  if ('in_raw' in sample) wanted['in_if'] = raw('in_raw');
  if ('out_raw' in sample) wanted['out_if'] = raw('out_raw');
  if ('in_if' in sample) wanted['in_if'] = expanded ? sample['in_if'] : raw('in_if');
  if ('out_if' in sample) wanted['out_if'] = expanded ? sample['out_if'] : raw('out_if');
  if (typeof sample['src_mac'] === 'string') wanted['extra.sourceMacAddress'] = macOf(sample['src_mac']);
  if (typeof sample['dst_mac'] === 'string') wanted['extra.destinationMacAddress'] = macOf(sample['dst_mac']);
  return wanted;
}

const FLOW_COLUMNS = [
  ['sampling_rate', 'sampling_rate'],
  ['src', 'src_addr'],
  ['dst', 'dst_addr'],
  ['proto', 'protocol'],
  ['tos', 'tos'],
  ['vlan', 'vlan'],
  ['ip_len', 'bytes'],
  ['sport', 'src_port'],
  ['dport', 'dst_port'],
  ['tcp_flags', 'tcp_flags'],
  ['sw_in_vlan', 'vlan'],
] as const;

function columnsOfCounters(sample: Sample): Row {
  const wanted: Record<string, unknown> = {};
  for (const [key, column] of COUNTER_COLUMNS) if (key in sample) wanted[column] = sample[key];
  // (this source does not split a class off the source id of every sample)
  if ('source_class' in sample) wanted['source_index'] = sample['source_id'];
  return wanted;
}

const COUNTER_COLUMNS = [
  ['if_index', 'if_index'],
  ['if_speed', 'if_speed'],
  ['if_in_octets', 'in_octets'],
  ['if_out_octets', 'out_octets'],
  ['five_sec_cpu', 'counters.processor.5s_cpu'],
  ['total_memory', 'counters.processor.total_memory'],
] as const;

/** Two bits of format, 30 of index; the device itself is no interface. */
function interfaceOf(value: number): number | null {
  return value === 0 || value >= 0x3f_ff_ff_ff ? null : value;
}

function macOf(digits: string): string {
  return digits.replaceAll(/(..)(?=.)/gv, '$1:');
}

type Counts = Record<
  'flowSamples' | 'counterSamples' | 'dropSamples' | 'skippedSamples' | 'structures' | 'unknownStructures',
  number
>;

function decode(folder: URL, { feed }: Case): { counts: Counts; flows: Row[]; counters: Row[] } {
  const decoder = new SflowDecoder();
  const sinks = memorySinks();
  const counts: Counts = {
    flowSamples: 0,
    counterSamples: 0,
    dropSamples: 0,
    skippedSamples: 0,
    structures: 0,
    unknownStructures: 0,
  };
  for (const bytes of feed.flatMap((file) => payloadsOf(folder, file))) {
    const result = decoder.decode(bytes, ARRIVED_AT, exporterState(), sinks);
    counts.flowSamples += result.flowSamples;
    counts.counterSamples += result.counterSamples;
    counts.dropSamples += result.dropSamples;
    counts.skippedSamples += result.skippedSamples;
    counts.structures += result.structures;
    counts.unknownStructures += result.unknownStructures;
  }
  return { counts, flows: sinks.flows.read(), counters: sinks.counterSamples.read() };
}

function payloadsOf(folder: URL, file: string): Buffer[] {
  const bytes = readFileSync(new URL(file, folder));
  return file.endsWith('.pcap') ? [...readPcap(bytes)].map(({ payload }) => payload) : [bytes];
}
