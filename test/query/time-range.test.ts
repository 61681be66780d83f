import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTimeRange } from '../../src/query/time-range.ts';

// Central Europe: UTC+1, from 29 March 2026 01:00 UTC on UTC+2.
process.env['TZ'] = 'Europe/Berlin';
const NOW = new Date('2026-03-10T12:00:00Z');

function range(words: { last?: string; from?: string; to?: string }): string[] {
  const { from, to } = parseTimeRange(words, NOW);
  return [from.toISOString(), to.toISOString()];
}

test('the last quarter of an hour unless asked otherwise', () => {
  assert.deepEqual(range({}), ['2026-03-10T11:45:00.000Z', '2026-03-10T12:00:00.000Z']);
  assert.deepEqual(range({ last: '1d' }), ['2026-03-09T12:00:00.000Z', '2026-03-10T12:00:00.000Z']);
  assert.deepEqual(range({ last: '1h', to: '09:00' }), ['2026-03-10T07:00:00.000Z', '2026-03-10T08:00:00.000Z']);
});

test('times are local unless they say their zone', () => {
  const start = (from: string) => range({ from })[0];
  assert.equal(start('2026-03-09'), '2026-03-08T23:00:00.000Z');
  assert.equal(start('2026-03-09 14:30'), '2026-03-09T13:30:00.000Z');
  assert.equal(start('2026-03-09T14:30:05.25'), '2026-03-09T13:30:05.250Z');
  assert.equal(start('2026-03-09T14:30:00Z'), '2026-03-09T14:30:00.000Z');
  assert.equal(start('2026-03-09 14:30 +0530'), '2026-03-09T09:00:00.000Z');
  assert.equal(start('08:15'), '2026-03-10T07:15:00.000Z');
  assert.equal(start('2h'), '2026-03-10T10:00:00.000Z');
  assert.deepEqual(
    parseTimeRange({ from: '2026-07-01', to: '2026-07-02' }, NOW).from,
    new Date('2026-06-30T22:00:00Z'),
  );
});

test('what is no time, no duration, or ends before it starts is refused', () => {
  const wrong = [
    { from: '2026-02-30' },
    { from: '2026-13-01' },
    { from: '24:00' },
    { from: '12:60' },
    { from: 'yesterday' },
    { from: '' },
    { from: 'Z' },
    { last: '15' },
    { last: '-5m' },
    { last: '0' },
    { last: '999999d' },
    { from: '10:00', to: '09:00' },
    { from: '10:00', last: '5m' },
    { from: '2027-01-01' },
  ];
  for (const words of wrong) assert.throws(() => parseTimeRange(words, NOW), { code: 'USAGE' }, JSON.stringify(words));
});
