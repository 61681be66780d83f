import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillAlarm } from '../../../storage/journal/bounds/fill-alarm.ts';

const GIB = 2 ** 30;
const BOUNDS = { maxBytes: 10 * GIB, minFreeBytes: GIB / 2, maxPendingBytes: 1 };
const AMPLE = { bytes: 500 * GIB, totalBytes: 1000 * GIB };

test('the alarm comes at 80 % of the bound, and says how much is in use', () => {
  assert.equal(fillAlarm(7.9 * GIB, BOUNDS, AMPLE), undefined);
  assert.equal(fillAlarm(8.3 * GIB, BOUNDS, AMPLE), 'journal 83 % full: 8.3 of 10 GiB');
});

test('a disk that holds less than the bound counts by what it holds', () => {
  const disk = { bytes: 1 * GIB, totalBytes: 4 * GIB };
  assert.equal(fillAlarm(1 * GIB, BOUNDS, disk), undefined);
  assert.equal(fillAlarm(3 * GIB, BOUNDS, disk), 'journal 85 % full: 3 of 3.5 GiB, all that its disk has for it');
});

test('a disk that others have filled is an alarm as well, where it bounds the journal', () => {
  const filled = { bytes: 4 * GIB, totalBytes: 100 * GIB };
  assert.equal(fillAlarm(0, BOUNDS, filled), 'disk of the journal 96 % full: 96 of 100 GiB');
  assert.equal(fillAlarm(0, BOUNDS, { ...filled, bytes: 19 * GIB }), undefined);
  const none = { bytes: GIB / 4, totalBytes: 100 * GIB };
  assert.match(fillAlarm(0, BOUNDS, none) ?? '', /^no room for the journal: 256 MiB of its disk are free, 512 MiB /);
});

test('a disk of which nothing is known is no alarm', () => {
  assert.equal(fillAlarm(GIB, BOUNDS, { bytes: Infinity, totalBytes: Infinity }), undefined);
});
