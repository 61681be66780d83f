import assert from 'node:assert/strict';
import { test } from 'node:test';
import { midnightMicros, yearOf } from '../../../collectors/syslog/time/calendar.ts';

test('every day from 1960 to 2100 has the year and the midnight of the calendar of JavaScript', () => {
  for (let day = -3653; day < 47_847; day++) {
    const date = new Date(day * 86_400_000);
    const [year, month, dayOfMonth] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
    assert.equal(midnightMicros(year, month, dayOfMonth), day * 86_400_000_000);
    assert.equal(yearOf(day * 86_400_000_000), year);
    assert.equal(yearOf((day + 1) * 86_400_000_000 - 1), year);
  }
});

test('a day that its month does not have is no date', () => {
  assert.equal(midnightMicros(2026, 2, 29), undefined);
  assert.equal(midnightMicros(2100, 2, 29), undefined);
  assert.notEqual(midnightMicros(2000, 2, 29), undefined);
  assert.equal(midnightMicros(2026, 4, 31), undefined);
});
