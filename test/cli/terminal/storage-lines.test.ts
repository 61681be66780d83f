import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storageLines } from '../../../src/cli/terminal/storage-lines.ts';
import { exposeStorageForecast } from '../../../src/collector/metrics/storage-forecast-metrics.ts';
import {
  type StorageStatus,
  storageReasons,
  type TableStorageStatus,
} from '../../../src/console/status/storage-status.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';

const GIB = 2 ** 30;
const flows: TableStorageStatus = {
  name: 'flows',
  bytes: 34 * GIB,
  rows: 250_000_000,
  bytesPerDay: 2 * GIB,
  basis: 'days',
  maxBytes: 40 * GIB,
  daysToLimit: 3,
};
const empty = { bytes: 65_536, rows: 0, bytesPerDay: undefined, basis: undefined };
const status: StorageStatus = {
  at: '2026-11-22T12:00:00.000Z',
  tables: [flows, { ...flows, ...empty, name: 'snmp_traps', maxBytes: undefined, daysToLimit: undefined }],
  total: { ...flows, name: 'total', basis: 'hours', maxBytes: undefined, daysToLimit: undefined },
  disk: { totalBytes: 100 * GIB, freeBytes: 3 * GIB, daysUntilFull: 1.5 },
  first: { what: 'the disk', days: 1.5 },
  alarms: [
    { what: 'the limit of flows', part: 0.85 },
    { what: 'the disk', part: 0.97 },
  ],
  dropped: { partitionsOverAge: 4, partitionsOverSize: 2, bytesOverSize: 5 * GIB },
};

test('the room for rows is told in a few lines, tables without rows left out', () => {
  assert.deepEqual(storageLines(status), [
    ['storage', 'all tables: 34.0 GiB, about 250,000,000 rows, 2.0 GiB a day, a guess from few hours'],
    ['', 'flows: 34.0 GiB of 40.0 GiB, about 250,000,000 rows, 2.0 GiB a day, at its limit in 3 days'],
    ['', 'disk: 3.0 GiB of 100.0 GiB free, full in 36 hours'],
    ['', 'first reached: the disk, in 36 hours'],
    ['', 'the limit of flows is used to 85 %'],
    ['', 'the disk is used to 97 %'],
    ['', '2 partitions dropped for their size, 5.0 GiB'],
  ]);
  assert.deepEqual(storageReasons(status), ['the limit of flows is used to 85 %', 'the disk is used to 97 %']);
});

test('metrics give the same figures, by table, and no days where there is no limit', async () => {
  const metrics = new Metrics();
  exposeStorageForecast(metrics, () => status);
  const { body } = await metrics.exposition();
  const shown = body.split('\n').filter((line) => /^dogwatch_storage_(limit_days|disk|dropped|alarms)/.test(line));
  assert.deepEqual(shown, [
    'dogwatch_storage_limit_days{table="flows"} 3',
    `dogwatch_storage_disk_free_bytes ${3 * GIB}`,
    'dogwatch_storage_disk_full_days 1.5',
    'dogwatch_storage_alarms 2',
    'dogwatch_storage_dropped_partitions_total{why="age"} 4',
    'dogwatch_storage_dropped_partitions_total{why="size"} 2',
  ]);
});
