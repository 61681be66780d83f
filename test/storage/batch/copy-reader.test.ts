import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leadingTimestamp, readRows, rowOffsets } from '../../../storage/batch/copy-reader.ts';

// Bytes as PostgreSQL 18 writes them for
// COPY (SELECT '2026-11-22 17:00:00.000001Z'::timestamptz, 9007199254740993::int8, -2::int4, 6::int2, 'r'::"char",
//   '192.0.2.1'::inet, '2001:db8::1'::inet, 'hé'::text, '{"a": [1]}'::jsonb, NULL::text) TO STDOUT (FORMAT binary)
const ROW = Buffer.from(
  [
    '000a',
    '00000008 000303df2d232401',
    '00000008 0020000000000001',
    '00000004 fffffffe',
    '00000002 0006',
    '00000001 72',
    '00000008 02200004c0000201',
    '00000014 0380001020010db8000000000000000000000001',
    '00000003 68c3a9',
    '0000000b 017b2261223a205b315d7d',
    'ffffffff',
  ]
    .join('')
    .replaceAll(' ', ''),
  'hex',
);
const COLUMNS = [
  { name: 'at', type: 'timestamptz' },
  { name: 'big', type: 'int8' },
  { name: 'four', type: 'int4' },
  { name: 'two', type: 'int2' },
  { name: 'one', type: 'char' },
  { name: 'v4', type: 'inet' },
  { name: 'v6', type: 'inet' },
  { name: 'words', type: 'text' },
  { name: 'document', type: 'jsonb' },
  { name: 'absent', type: 'text' },
] as const;

test('rows of the binary COPY format are read back as values of their types', () => {
  const rows = readRows(Buffer.concat([ROW, ROW]), COLUMNS);
  assert.equal(rows.length, 2);
  assert.deepEqual(rows[1], {
    at: Date.UTC(2026, 10, 22, 17) * 1000 + 1,
    big: 9_007_199_254_740_993n,
    four: -2,
    two: 6,
    one: 'r',
    v4: '192.0.2.1',
    v6: '2001:db8::1',
    words: 'hé',
    document: { a: [1] },
    absent: null,
  });
});

test('bytes that are no whole rows are refused at every length', () => {
  for (let length = 1; length < ROW.length; length += 1) {
    assert.throws(() => readRows(ROW.subarray(0, length), COLUMNS), RangeError);
    assert.throws(() => rowOffsets(ROW.subarray(0, length)), RangeError);
  }
});

test('row offsets and the leading timestamp are found without the columns', () => {
  const rows = Buffer.concat([ROW, ROW, ROW]);
  assert.deepEqual(rowOffsets(rows), [0, ROW.length, 2 * ROW.length, 3 * ROW.length]);
  assert.equal(leadingTimestamp(rows, ROW.length), Date.UTC(2026, 10, 22, 17) * 1000 + 1);
});
