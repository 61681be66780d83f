import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type QuietTime, quietUntil } from '../../src/notifications/quiet-time.ts';

const NIGHT: QuietTime = {
  from: '22:00',
  to: '06:00',
  timeZone: 'Europe/Berlin',
  days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
};

function until(at: string, quiet: QuietTime = NIGHT): string | undefined {
  const ms = quietUntil(quiet, Date.parse(at));
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

test('a night is quiet in the zone of its times, from its first minute up to its last', () => {
  assert.equal(until('2026-11-23T20:59:59Z'), undefined);
  assert.equal(until('2026-11-23T21:00:00Z'), '2026-11-24T05:00:00.000Z');
  assert.equal(until('2026-11-24T04:59:59Z'), '2026-11-24T05:00:00.000Z');
  assert.equal(until('2026-11-24T05:00:00Z'), undefined);
});

test('a night in which clocks are put forward or back ends by the clock on the wall', () => {
  assert.equal(until('2026-03-28T22:00:00Z'), '2026-03-29T04:00:00.000Z');
  assert.equal(until('2026-10-24T21:00:00Z'), '2026-10-25T05:00:00.000Z');
});

test('a quiet time of some days belongs to the day on which it begins', () => {
  const weekend: QuietTime = { ...NIGHT, days: ['fri'] };
  // 2026-11-27 is a Friday.
  assert.equal(until('2026-11-26T23:00:00Z', weekend), undefined);
  assert.equal(until('2026-11-27T23:00:00Z', weekend), '2026-11-28T05:00:00.000Z');
  assert.equal(until('2026-11-28T23:00:00Z', weekend), undefined);
});

test('a quiet time within one day ends on it', () => {
  const noon: QuietTime = { ...NIGHT, from: '12:00', to: '13:30' };
  assert.equal(until('2026-11-23T11:10:00Z', noon), '2026-11-23T12:30:00.000Z');
  assert.equal(until('2026-11-23T12:30:00Z', noon), undefined);
});
