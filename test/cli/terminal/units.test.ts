import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bitRateText,
  countText,
  localTimeText,
  octetsText,
  secondsText,
  shareText,
  zoneText,
} from '../../../src/cli/terminal/units.ts';

test('octets and bit rates have three digits and a power of 1000', () => {
  assert.deepEqual(
    [0, 1, 999, 999.4, 1000, 1234, 9995, 12_345, 123_456, 999_499, 999_500, 1_234_567_890].map(octetsText),
    [
      '0 B',
      '1 B',
      '999 B',
      '999 B',
      '1.00 kB',
      '1.23 kB',
      '10.0 kB',
      '12.3 kB',
      '123 kB',
      '999 kB',
      '1.00 MB',
      '1.23 GB',
    ],
  );
  assert.deepEqual([0.5, 34_000_000, 1e21].map(bitRateText), ['0.5 bit/s', '34.0 Mbit/s', '1000 Ebit/s']);
});

test('counts are whole up to 9,999', () => {
  assert.deepEqual([0, 9999, 10_000, 1_234_567].map(countText), ['0', '9999', '10.0 k', '1.23 M']);
});

test('shares never hide something as nothing', () => {
  assert.deepEqual([0, 0.0001, 0.123_44, 1].map(shareText), ['0.0 %', '<0.1 %', '12.3 %', '100.0 %']);
});

test('durations have at most two units', () => {
  assert.deepEqual([0, 0.25, 5.04, 93, 900, 3600, 90_061].map(secondsText), [
    '0s',
    '0.25s',
    '5s',
    '1m 33s',
    '15m',
    '1h',
    '1d 1h',
  ]);
});

test('times are local, and the zone goes with the season', () => {
  process.env['TZ'] = 'America/St_Johns';
  const winter = new Date('2026-01-15T12:00:00.007Z');
  assert.equal(localTimeText(winter, true), '2026-01-15 08:30:00.007');
  assert.equal(zoneText(winter), 'UTC-03:30');
  assert.equal(zoneText(new Date('2026-07-15T12:00:00Z')), 'UTC-02:30');
  process.env['TZ'] = 'UTC';
  assert.equal(zoneText(winter), 'UTC');
});
