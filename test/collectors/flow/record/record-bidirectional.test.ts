import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowsOf } from '../../../support/compiled-records.ts';

const REVERSE = 29_305;
const BIFLOW = [
  [8, 4],
  [12, 4],
  [7, 2],
  [11, 2],
  [4, 1],
  [10, 2],
  [14, 2],
  [16, 2],
  [17, 2],
  [9, 1],
  [13, 1],
  [1, 4],
  [2, 4],
  [6, 1],
  [136, 1],
  [148, 4],
  [REVERSE, 1, 4],
  [REVERSE, 2, 4],
  [REVERSE, 6, 1],
  [REVERSE, 136, 1],
] as const;
const FORWARD_BYTES = '0a000001 0a000002 d431 0050 06 0001 0002 fde8 3b41 18 10 00000064 00000003 02 03 0000002a';

test('a biflow (RFC 5103) is a row for each direction, the second one seen from the other end', () => {
  const [forward, back, ...more] = rowsOf(BIFLOW, `${FORWARD_BYTES} 000003e8 00000007 12 01`);
  assert.deepEqual(more, []);
  const { received_at: receivedAt, exporter, ...rest } = forward ?? {};
  assert.deepEqual(rest, {
    bytes: 100,
    packets: 3,
    in_if: 1,
    out_if: 2,
    src_as: 65_000,
    dst_as: 15_169,
    src_port: 54_321,
    dst_port: 80,
    protocol: 6,
    tcp_flags: 2,
    src_mask: 24,
    dst_mask: 16,
    src_addr: '10.0.0.1',
    dst_addr: '10.0.0.2',
    extra: { flowEndReason: 3, flowId: 42 },
  });
  assert.deepEqual(back, {
    received_at: receivedAt,
    exporter,
    bytes: 1000,
    packets: 7,
    in_if: 2,
    out_if: 1,
    src_as: 15_169,
    dst_as: 65_000,
    src_port: 80,
    dst_port: 54_321,
    protocol: 6,
    tcp_flags: 0x12,
    src_mask: 16,
    dst_mask: 24,
    src_addr: '10.0.0.2',
    dst_addr: '10.0.0.1',
    extra: { flowEndReason: 1, flowId: 42, biflowDirection: 2 },
  });
});

test('a biflow that was never answered is one row', () => {
  const rows = rowsOf(BIFLOW, `${FORWARD_BYTES} 00000000 00000000 00 00`);
  assert.equal(rows.length, 1);
  assert.deepEqual(rows[0]?.['extra'], { flowEndReason: 3, flowId: 42 });
});

test('the other direction has times of its own, or else those of the record', () => {
  const times = [
    [1, 4],
    [150, 4],
    [151, 4],
    [REVERSE, 1, 4],
    [REVERSE, 150, 4],
  ] as const;
  const [, back] = rowsOf(times, '00000064 69a429c0 69a429c9 00000065 69a429c2');
  assert.equal(back?.['flow_start'], 0x69_a4_29_c2 * 1e6);
  assert.equal(back?.['flow_end'], 0x69_a4_29_c9 * 1e6);
});

test('a firewall’s initiator and responder are two rows', () => {
  const [forward, back, ...more] = rowsOf(
    [
      [8, 4],
      [12, 4],
      [7, 2],
      [11, 2],
      [4, 1],
      [233, 1],
      [231, 4],
      [232, 4],
      [298, 4],
      [299, 4],
    ],
    '0a000001 0a000002 d431 0050 06 02 00000064 000003e8 00000003 00000007',
  );
  assert.deepEqual(more, []);
  assert.deepEqual(
    [forward?.['src_addr'], forward?.['bytes'], forward?.['packets'], forward?.['extra']],
    ['10.0.0.1', 100, 3, { firewallEvent: 2 }],
  );
  assert.deepEqual(
    [back?.['src_addr'], back?.['dst_port'], back?.['bytes'], back?.['packets'], back?.['extra']],
    ['10.0.0.2', 54_321, 1000, 7, { firewallEvent: 2, biflowDirection: 2 }],
  );
});

test('a firewall’s event without traffic is one row', () => {
  assert.equal(
    rowsOf(
      [
        [231, 4],
        [232, 4],
      ],
      '00000000 00000000',
    ).length,
    1,
  );
});

test('responder counters beside ordinary ones stay what they are', () => {
  const rows = rowsOf(
    [
      [1, 4],
      [2, 4],
      [232, 4],
    ],
    '00000064 00000001 00000065',
  );
  assert.equal(rows.length, 1);
  assert.deepEqual(rows[0]?.['extra'], { responderOctets: 101 });
});

test('reverse elements without reverse counters are kept under their own names', () => {
  const rows = rowsOf(
    [
      [1, 4],
      [REVERSE, 6, 1],
    ],
    '00000064 12',
  );
  assert.equal(rows.length, 1);
  assert.deepEqual(rows[0]?.['extra'], { reverseTcpControlBits: 18 });
});
