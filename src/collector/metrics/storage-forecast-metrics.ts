import type { StorageStatus } from '../../console/status/storage-status.ts';
import type { Metrics } from '../../runtime/metrics.ts';

/** What tables take, how they grow and how long they have room; nothing, or NaN, until it was looked at. */
export function exposeStorageForecast(metrics: Metrics, status: () => StorageStatus | undefined): void {
  const tables = () => {
    const known = status();
    return known === undefined ? [] : [...known.tables, known.total];
  };
  metrics.gauge('storage_bytes', 'Bytes of a table with its indexes.', ['table'], (gauge) => {
    for (const { name, bytes } of tables()) gauge.set({ table: name }, bytes);
  });
  metrics.gauge('storage_rows', 'Rows of a table, an estimate.', ['table'], (gauge) => {
    for (const { name, rows } of tables()) gauge.set({ table: name }, rows);
  });
  metrics.gauge('storage_bytes_per_day', 'Bytes that a table grows in a day.', ['table'], (gauge) => {
    for (const { name, bytesPerDay } of tables())
      if (bytesPerDay !== undefined) gauge.set({ table: name }, bytesPerDay);
  });
  metrics.gauge('storage_max_bytes', 'The most that a table may take.', ['table'], (gauge) => {
    for (const { name, maxBytes } of tables()) if (maxBytes !== undefined) gauge.set({ table: name }, maxBytes);
  });
  metrics.gauge('storage_limit_days', 'Days until a table reaches the most that it may take.', ['table'], (gauge) => {
    for (const { name, daysToLimit } of tables())
      if (daysToLimit !== undefined) gauge.set({ table: name }, daysToLimit);
  });
  metrics.gauge('storage_disk_free_bytes', 'Free room on the disk of the embedded database.', [], (gauge) => {
    gauge.set(status()?.disk?.freeBytes ?? NaN);
  });
  metrics.gauge('storage_disk_full_days', 'Days until that disk is full.', [], (gauge) => {
    gauge.set(status()?.disk?.daysUntilFull ?? NaN);
  });
  metrics.gauge('storage_alarms', 'Limits, or disks, that are used to 80 % or more.', [], (gauge) => {
    gauge.set(status()?.alarms.length ?? NaN);
  });
  metrics.observedCounter('storage_dropped_partitions_total', 'Partitions dropped.', ['why'], (add) => {
    const dropped = status()?.dropped;
    if (dropped === undefined) return;
    add({ why: 'age' }, dropped.partitionsOverAge);
    add({ why: 'size' }, dropped.partitionsOverSize);
  });
}
