import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forecastStorage, type ForecastRules } from '../../../../storage/database/space/forecast.ts';
import type { SizedPartition } from '../../../../storage/database/space/partition-sizes.ts';

const HOUR = 3_600_000_000;
const DAY = 24 * HOUR;
const MIDNIGHT = Date.UTC(2026, 10, 22) * 1000;
const GIB = 2 ** 30;
const LONG_AGO = MIDNIGHT - 100 * DAY;

/** Partitions of a day each, `bytes` from the newest back; the first is that of today. */
function days(table: string, bytes: readonly number[]): SizedPartition[] {
  return bytes
    .map((each, ago) => {
      const lower = MIDNIGHT - ago * DAY;
      const name = `${table}_${ago}`;
      return {
        table,
        name,
        lower,
        upper: lower + DAY,
        detaching: false,
        bytes: each,
        isEmpty: each === 0,
        rows: each / 100,
      };
    })
    .toReversed();
}

function forecast(
  tables: Readonly<Record<string, readonly SizedPartition[]>>,
  rules: Partial<ForecastRules> = {},
  disk?: { totalBytes: number; freeBytes: number },
  since = LONG_AGO,
) {
  const all = { keepDays: {}, maxBytes: { tables: {} }, ...rules };
  return forecastStorage(new Map(Object.entries(tables)), all, disk, { now: MIDNIGHT + 12 * HOUR, since });
}

test('growth is that of the last week of days that are over, not of today', () => {
  // Seven days of 2 GiB, before them one of 50 GiB, and half of today with 1 GiB.
  const flows = days('flows', [GIB, ...Array.from({ length: 7 }, () => 2 * GIB), 50 * GIB]);
  const { tables } = forecast({ flows });
  assert.equal(tables[0]?.bytesPerDay, 2 * GIB);
  assert.equal(tables[0].basis, 'days');
  assert.equal(tables[0].bytes, 65 * GIB);
});

test('a limit is reached when the room that is left is filled', () => {
  // 15 GiB of 40, 2 GiB a day: 12.5 days.
  const flows = days('flows', [GIB, ...Array.from({ length: 7 }, () => 2 * GIB)]);
  const result = forecast({ flows }, { maxBytes: { tables: { flows: 40 * GIB } } });
  assert.ok(Math.abs((result.tables[0]?.daysToLimit ?? NaN) - 12.5) <= 0.01);
  assert.equal(result.first?.what, 'the limit of flows');
  assert.deepEqual(result.alarms, []);
});

test('a table that its age keeps below the limit never reaches it', () => {
  // 2 GiB a day for 10 days are 20 GiB.
  const flows = days('flows', [GIB, ...Array.from({ length: 7 }, () => 2 * GIB)]);
  const result = forecast({ flows }, { keepDays: { flows: 10 }, maxBytes: { tables: { flows: 40 * GIB } } });
  assert.equal(result.tables[0]?.daysToLimit, undefined);
  assert.equal(result.first, undefined);
});

test('the disk is full when all tables together have grown by what is free, and what comes first is named', () => {
  const week = Array.from({ length: 7 }, () => GIB);
  const result = forecast(
    { flows: days('flows', [0, ...week]), snmp_traps: days('snmp_traps', [0, ...week]) },
    { maxBytes: { tables: { snmp_traps: 17 * GIB } } },
    { totalBytes: 100 * GIB, freeBytes: 8 * GIB },
  );
  // 2 GiB a day into 8; traps have 10 days to their limit.
  assert.ok(Math.abs((result.disk?.daysUntilFull ?? NaN) - 4) <= 0.01);
  assert.ok(Math.abs((result.tables[1]?.daysToLimit ?? NaN) - 10) <= 0.01);
  assert.equal(result.first?.what, 'the disk');
  assert.deepEqual(result.alarms, [{ what: 'the disk', part: 0.92 }]);
});

test('a young database is judged by its hours, and a newborn one not at all', () => {
  const flows = days('flows', [GIB]);
  const young = forecast({ flows }, {}, undefined, MIDNIGHT + 6 * HOUR);
  assert.equal(young.tables[0]?.basis, 'hours');
  assert.equal(young.tables[0].bytesPerDay, 4 * GIB);
  const newborn = forecast({ flows }, {}, undefined, MIDNIGHT + 11.5 * HOUR);
  assert.equal(newborn.tables[0]?.bytesPerDay, undefined);
});

test('80 % of a limit is an alarm, less is none', () => {
  const alarmsAt = (bytes: number) =>
    forecast({ flows: days('flows', [bytes]) }, { maxBytes: { tables: {}, total: 1000 } }).alarms;
  assert.deepEqual(alarmsAt(799), []);
  assert.deepEqual(alarmsAt(800), [{ what: 'the limit of all tables', part: 0.8 }]);
});
