import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXPORTED_AT, rowOf } from '../../../support/compiled-records.ts';

const SECOND = 1_000_000;

test('uptime-relative times count back from the header, across a wrap of the uptime too', () => {
  assert.deepEqual(
    rowOf(
      [
        [22, 4],
        [21, 4],
      ],
      '00000bb8 00000fa0',
      { uptimeMs: 5000 },
    ),
    {
      flow_start: EXPORTED_AT - 2 * SECOND,
      flow_end: EXPORTED_AT - SECOND,
    },
  );
  // the uptime wrapped 1.024 s before the export, the flow began 4.096 s before that
  assert.equal(rowOf([[22, 4]], 'fffff000', { uptimeMs: 1024 })['flow_start'], EXPORTED_AT - 1_024_000 - 4_096_000);
});

test('an uptime beyond 2^31 ms, 24.9 days, is none the less counted back from', () => {
  const row = rowOf(
    [
      [22, 4],
      [21, 4],
    ],
    '7fffff00 80000000',
    { uptimeMs: 0x80_00_01_00 },
  );
  assert.deepEqual(row, { flow_start: EXPORTED_AT - 512_000, flow_end: EXPORTED_AT - 256_000 });
});

test('a flow that ends after the header was written is no wrap', () => {
  assert.equal(rowOf([[21, 4]], '000003f2', { uptimeMs: 1000 })['flow_end'], EXPORTED_AT + 10_000);
});

test('IPFIX has no uptime: it takes the time of the boot, from option data or from the record', () => {
  const boot = EXPORTED_AT - 100 * SECOND;
  const ipfix = { uptimeMs: -1, bootedAtMicros: boot };
  assert.equal(rowOf([[22, 4]], '00002710', ipfix)['flow_start'], boot + 10 * SECOND);
  const millis = (boot / 1000).toString(16).padStart(16, '0');
  assert.deepEqual(
    rowOf(
      [
        [160, 8],
        [21, 4],
      ],
      `${millis} 00004e20`,
      { uptimeMs: -1 },
    ),
    {
      flow_end: boot + 20 * SECOND,
    },
  );
});

test('IPFIX more than 49.7 days after the boot: the time nearest to the export is meant', () => {
  const boot = EXPORTED_AT - (2 ** 32 + 60_000) * 1000;
  assert.equal(
    rowOf([[21, 4]], '00007530', { uptimeMs: -1, bootedAtMicros: boot })['flow_end'],
    EXPORTED_AT - 30 * SECOND,
  );
});

test('without a known boot the raw uptime is kept in extra', () => {
  assert.deepEqual(
    rowOf(
      [
        [22, 4],
        [21, 4],
      ],
      '00002710 00004e20',
      { uptimeMs: -1 },
    ),
    {
      extra: { flowStartSysUpTime: 10_000, flowEndSysUpTime: 20_000 },
    },
  );
});

test('absolute times in seconds and milliseconds', () => {
  assert.deepEqual(
    rowOf(
      [
        [150, 4],
        [151, 4],
      ],
      '69a429c0 69a429c5',
    ),
    {
      flow_start: 0x69_a4_29_c0 * SECOND,
      flow_end: 0x69_a4_29_c5 * SECOND,
    },
  );
  assert.deepEqual(
    rowOf(
      [
        [152, 8],
        [153, 8],
      ],
      '0000019caa22e801 0000019caa22ec02',
    ),
    {
      flow_start: 0x01_9c_aa_22_e8_01 * 1000,
      flow_end: 0x01_9c_aa_22_ec_02 * 1000,
    },
  );
});

test('NTP times: half a second is 2^31, and what is before 1970 is after 2036', () => {
  // 1 January 1970 is 2,208,988,800 seconds after NTP's epoch (RFC 5905, figure 4)
  const seconds = 2_208_988_800 + 1_700_000_000;
  const hex = `${seconds.toString(16)}80000000`;
  assert.deepEqual(
    rowOf(
      [
        [154, 8],
        [157, 8],
      ],
      hex + hex,
    ),
    {
      flow_start: 1_700_000_000_500_000,
      flow_end: 1_700_000_000_500_000,
    },
  );
  // RFC 5905, figure 4: second 63,104 of the era that begins on 8 February 2036
  assert.equal(rowOf([[154, 8]], '0000f680 00000000')['flow_start'], Date.UTC(2036, 1, 8, 0, 0, 0) * 1000);
});

test('delta microseconds count back from the export', () => {
  assert.deepEqual(
    rowOf(
      [
        [158, 4],
        [159, 4],
      ],
      '001e8480 000f4240',
    ),
    {
      flow_start: EXPORTED_AT - 2 * SECOND,
      flow_end: EXPORTED_AT - SECOND,
    },
  );
});

test('of several kinds of time the absolute one goes first, the others are kept', () => {
  const row = rowOf(
    [
      [22, 4],
      [152, 8],
    ],
    '000f4240 0000019caa22e801',
  );
  assert.equal(row['flow_start'], 0x01_9c_aa_22_e8_01 * 1000);
  assert.deepEqual(row['extra'], { flowStartSysUpTime: 1_000_000 });
});

test('a duration completes a lone start or a lone end', () => {
  assert.deepEqual(
    rowOf(
      [
        [150, 4],
        [161, 4],
      ],
      '69a429c0 000003e8',
    ),
    {
      flow_start: 0x69_a4_29_c0 * SECOND,
      flow_end: 0x69_a4_29_c1 * SECOND,
    },
  );
  assert.deepEqual(
    rowOf(
      [
        [151, 4],
        [162, 4],
      ],
      '69a429c0 000003e8',
    ),
    {
      flow_start: 0x69_a4_29_c0 * SECOND - 1000,
      flow_end: 0x69_a4_29_c0 * SECOND,
    },
  );
  assert.deepEqual(
    rowOf(
      [
        [150, 4],
        [151, 4],
        [161, 4],
      ],
      '69a429c0 69a429c1 000003e8',
    )['extra'],
    {
      flowDurationMilliseconds: 1000,
    },
  );
});

test('the time of the observation is both ends where there is no other, and the end beside a start', () => {
  assert.deepEqual(rowOf([[323, 8]], '0000019caa22e801'), {
    flow_start: 0x01_9c_aa_22_e8_01 * 1000,
    flow_end: 0x01_9c_aa_22_e8_01 * 1000,
  });
  assert.deepEqual(
    rowOf(
      [
        [323, 8],
        [152, 8],
      ],
      '0000019caa22ec02 0000019caa22e801',
    ),
    {
      flow_start: 0x01_9c_aa_22_e8_01 * 1000,
      flow_end: 0x01_9c_aa_22_ec_02 * 1000,
    },
  );
});

test('unset times are NULL, absurd ones are NULL and kept', () => {
  assert.deepEqual(
    rowOf(
      [
        [150, 4],
        [153, 8],
        [154, 8],
      ],
      '00000000 0000000000000000 0000000000000000',
    ),
    {},
  );
  const { flow_end: end, extra } = rowOf([[153, 8]], '7fffffffffffffff');
  assert.equal(end, undefined);
  assert.ok(typeof extra === 'object' && extra !== null && 'flowEndMilliseconds' in extra);
});

test('times before 2000, PostgreSQL’s epoch, are written as negative ones', () => {
  assert.equal(rowOf([[150, 4]], '00000001')['flow_start'], SECOND);
});
