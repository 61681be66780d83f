import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SAMPLING_SOURCE, type SamplingView } from '../../../../collectors/flow/record/record.ts';
import { type FieldTuple, rowOf } from '../../../support/compiled-records.ts';

function sampling(changes: Partial<SamplingView> = {}): { sampling: SamplingView } {
  return {
    sampling: {
      override: 0,
      rateOfSelector: (id) => (id === 5 ? 500 : 0),
      rateOfInterface: (ifIndex) => (ifIndex === 7 ? 700 : 0),
      fallback: 1000,
      fallbackSource: SAMPLING_SOURCE.header,
      ...changes,
    },
  };
}

/** "rate source" of the only row, and what is in extra. */
function rateOf(fields: readonly FieldTuple[], hex: string, view = sampling()): [string, unknown] {
  const row = rowOf(fields, hex, view);
  return [`${String(row['sampling_rate'])} ${String(row['sampling_source'])}`, row['extra']];
}

test('an unknown rate is NULL and never 1', () => {
  assert.deepEqual(rowOf([[4, 1]], '06'), { protocol: 6 });
});

test('the fallback holds where the record says nothing', () => {
  assert.deepEqual(rateOf([[4, 1]], '06'), ['1000 h', undefined]);
});

test('the record’s own rate goes before all but the operator’s word', () => {
  const fields = [
    [34, 4],
    [48, 1],
    [10, 2],
    [35, 1],
  ] as const;
  assert.deepEqual(rateOf(fields, '00000064 05 0007 02'), ['100 r', undefined]);
  assert.deepEqual(rateOf(fields, '00000064 05 0007 02', sampling({ override: 9 })), ['9 c', undefined]);
});

test('then the selector’s, then the interface’s', () => {
  assert.deepEqual(
    rateOf(
      [
        [34, 4],
        [302, 8],
        [10, 2],
      ],
      '00000000 0000000000000005 0007',
    ),
    ['500 o', undefined],
  );
  assert.deepEqual(
    rateOf(
      [
        [48, 2],
        [10, 2],
      ],
      '0006 0007',
    ),
    ['700 o', { samplerId: 6 }],
  );
  assert.deepEqual(
    rateOf(
      [
        [48, 2],
        [10, 2],
      ],
      '0006 0008',
    ),
    ['1000 h', { samplerId: 6 }],
  );
  assert.deepEqual(
    rateOf(
      [
        [48, 2],
        [10, 2],
      ],
      '0000 0008',
    ),
    ['1000 h', undefined],
  );
});

test('the rate of an interface is that of each record’s own interface', () => {
  assert.equal(rateOf([[10, 4]], '00000007')[0], '700 o');
  assert.equal(rateOf([[252, 4]], 'ffffffff')[0], '1000 h');
});

test('every way to tell a rate: random interval, interval and space, size and population', () => {
  assert.equal(
    rateOf(
      [
        [49, 1],
        [50, 4],
      ],
      '02 00000200',
    )[0],
    '512 r',
  );
  assert.equal(
    rateOf(
      [
        [305, 4],
        [306, 4],
      ],
      '00000001 000003e7',
    )[0],
    '1000 r',
  );
  assert.equal(
    rateOf(
      [
        [305, 4],
        [306, 4],
      ],
      '0000000a 00000005',
    )[0],
    '2 r',
  );
  assert.equal(
    rateOf(
      [
        [309, 4],
        [310, 4],
        [304, 2],
      ],
      '00000002 00000800 0003',
    )[0],
    '1024 r',
  );
  assert.equal(
    rateOf(
      [
        [307, 4],
        [308, 4],
      ],
      '00000064 00000384',
    )[0],
    '10 r',
  );
});

test('a nonsensical rate is none, a huge one is cut to what the column holds', () => {
  assert.equal(
    rateOf(
      [
        [309, 4],
        [310, 4],
      ],
      '00000000 00000000',
    )[0],
    '1000 h',
  );
  assert.equal(rateOf([[34, 4]], 'ffffffff')[0], '2147483647 r');
});
