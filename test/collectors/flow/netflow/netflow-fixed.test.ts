import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ElementRegistry } from '../../../../collectors/flow/elements/registry.ts';
import {
  NETFLOW1_FIELDS,
  NETFLOW1_HEADER_BYTES,
  NETFLOW1_RECORD_BYTES,
  newNetflow1Header,
  readNetflow1Header,
} from '../../../../collectors/flow/netflow/netflow1.ts';
import {
  NETFLOW5_FIELDS,
  NETFLOW5_HEADER_BYTES,
  NETFLOW5_RECORD_BYTES,
  newNetflow5Header,
  readNetflow5Header,
} from '../../../../collectors/flow/netflow/netflow5.ts';
import {
  NETFLOW7_FIELDS,
  NETFLOW7_RECORD_BYTES,
  newNetflow7Header,
  readNetflow7Header,
} from '../../../../collectors/flow/netflow/netflow7.ts';
import { compileProgram } from '../../../../collectors/flow/record/record-program.ts';
import type { FieldSpecifier } from '../../../../collectors/flow/record/record.ts';
import { FLOWS } from '../../../../collectors/flow/tables.ts';
import { contextOf } from '../../../support/compiled-records.ts';
import { MemorySink } from '../../../support/memory-sink.ts';

const registry = new ElementRegistry();

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

function rowOf(fields: readonly FieldSpecifier[], hex: string): Record<string, unknown> {
  const bytes = bytesOf(hex);
  const sink = new MemorySink(FLOWS);
  compileProgram(fields, registry).run(bytes, 0, bytes.length, 1, contextOf(), sink);
  const { received_at: _receivedAt, exporter: _exporter, ...row } = sink.read()[0] ?? {};
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

test('records have the size that each version gives them', () => {
  assert.equal(compileProgram(NETFLOW1_FIELDS, registry).recordLength, NETFLOW1_RECORD_BYTES);
  assert.equal(compileProgram(NETFLOW5_FIELDS, registry).recordLength, NETFLOW5_RECORD_BYTES);
  assert.equal(compileProgram(NETFLOW7_FIELDS, registry).recordLength, NETFLOW7_RECORD_BYTES);
});

const COMMON = 'c0a80001 08080404 0a000001 0003 0004 00000007 000005dc 000f3e58 000f4240 d431 01bb';
const TIMES = { flow_start: contextOf().exportedAtMicros - 1_000_000, flow_end: contextOf().exportedAtMicros };
const COMMON_ROW = {
  ...TIMES,
  bytes: 1500,
  packets: 7,
  in_if: 3,
  out_if: 4,
  src_port: 54_321,
  dst_port: 443,
  protocol: 6,
  tcp_flags: 0x12,
  tos: 0xb8,
  src_addr: '192.168.0.1',
  dst_addr: '8.8.4.4',
  next_hop: '10.0.0.1',
};

test('a record of version 5', () => {
  assert.equal(rowOf(NETFLOW5_FIELDS, `${COMMON} ff 12 06 b8 fde8 3b41 18 10 ffff`)['bytes'], 1500);
  assert.deepEqual(rowOf(NETFLOW5_FIELDS, `${COMMON} ff 12 06 b8 fde8 3b41 18 10 ffff`), {
    ...COMMON_ROW,
    src_as: 65_000,
    dst_as: 15_169,
    src_mask: 24,
    dst_mask: 16,
  });
});

test('a record of version 7 names the router that the switch bypassed', () => {
  assert.deepEqual(rowOf(NETFLOW7_FIELDS, `${COMMON} ff 12 06 b8 0000 0000 00 00 ffff c6336409`), {
    ...COMMON_ROW,
    extra: { ipv4RouterSc: '198.51.100.9' },
  });
  assert.deepEqual(rowOf(NETFLOW7_FIELDS, `${COMMON} ff 12 06 b8 0000 0000 00 00 ffff 00000000`), COMMON_ROW);
});

test('a record of version 1', () => {
  assert.deepEqual(rowOf(NETFLOW1_FIELDS, `${COMMON} ffff 06 b8 12 ffffffffffffff`), COMMON_ROW);
});

test('the header of version 5', () => {
  const header = newNetflow5Header();
  const bytes = Buffer.concat([bytesOf('0005 0002 000f4240 69a429c0 1dcd6500 fffffffe 01 02 4064'), Buffer.alloc(96)]);
  assert.equal(readNetflow5Header(bytes, header), true);
  assert.deepEqual(header, {
    count: 2,
    claimedCount: 2,
    uptimeMs: 1_000_000,
    exportedAtMicros: 0x69_a4_29_c0 * 1e6 + 500_000,
    sequence: 0xff_ff_ff_fe,
    observationDomain: 0x01_02,
    samplingMode: 1,
    samplingInterval: 100,
  });
});

test('a count that lies is cut to what the datagram holds', () => {
  const header = newNetflow5Header();
  const bytes = Buffer.concat([bytesOf('0005 ffff'), Buffer.alloc(20 + 48 * 3 + 47)]);
  readNetflow5Header(bytes, header);
  assert.deepEqual([header.count, header.claimedCount], [3, 65_535]);
});

test('an interval without a mode is an interval, and none is none', () => {
  const header = newNetflow5Header();
  readNetflow5Header(bytesOf('0005 0000 00000000 00000000 00000000 00000000 0000 0100'), header);
  assert.deepEqual([header.samplingMode, header.samplingInterval], [0, 256]);
  readNetflow5Header(bytesOf('0005 0000 00000000 00000000 00000000 00000000 0000 8000'), header);
  assert.deepEqual([header.samplingMode, header.samplingInterval], [2, 0]);
});

test('the headers of versions 1 and 7', () => {
  const seven = newNetflow7Header();
  const body = Buffer.alloc(60);
  readNetflow7Header(Buffer.concat([bytesOf('0007 0001 000f4240 69a429c0 000003e8 00000009 00000000'), body]), seven);
  const when = { uptimeMs: 1_000_000, exportedAtMicros: 0x69_a4_29_c0 * 1e6 + 1 };
  assert.deepEqual(seven, { count: 1, claimedCount: 1, sequence: 9, ...when });
  const one = newNetflow1Header();
  readNetflow1Header(Buffer.concat([bytesOf('0001 0009 000f4240 69a429c0 000003e8'), body]), one);
  assert.deepEqual(one, { count: 1, claimedCount: 9, ...when });
});

test('a datagram shorter than its header is refused', () => {
  for (let length = 0; length < 24; length++) {
    const bytes = Buffer.alloc(length);
    assert.equal(readNetflow5Header(bytes, newNetflow5Header()), false);
    assert.equal(readNetflow7Header(bytes, newNetflow7Header()), false);
    assert.equal(readNetflow1Header(bytes, newNetflow1Header()), length >= NETFLOW1_HEADER_BYTES);
  }
});

const CORPUS = '../shared/corpus/flows/';

test(
  'a real datagram of version 5 holds as many records as its header says',
  { skip: existsSync(CORPUS) ? false : 'no corpus here' },
  () => {
    const bytes = readFileSync(`${CORPUS}dpkt/test_net_flow_v5_unpack.bin`);
    const header = newNetflow5Header();
    assert.equal(readNetflow5Header(bytes, header), true);
    assert.equal(NETFLOW5_HEADER_BYTES + header.count * NETFLOW5_RECORD_BYTES, bytes.length);
  },
);
