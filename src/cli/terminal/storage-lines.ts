import type { StorageStatus, TableStorageStatus } from '../../console/status/storage-status.ts';
import { bytesText, grouped } from './figures.ts';

/** The room for rows, as lines of `dogwatch status`: labels left. Tables without rows are left out. */
export function storageLines({ tables, total, disk, first, alarms, dropped }: StorageStatus): [string, string][] {
  const filled = tables.filter(({ bytesPerDay, rows }) => bytesPerDay !== undefined || rows > 0);
  const lines: [string, string][] = [['storage', tableText('all tables', total)]];
  for (const table of filled) lines.push(['', tableText(table.name, table)]);
  if (disk !== undefined) {
    const end =
      disk.daysUntilFull === undefined ? 'not full as it goes now' : `full in ${daysText(disk.daysUntilFull)}`;
    lines.push(['', `disk: ${bytesText(disk.freeBytes)} of ${bytesText(disk.totalBytes)} free, ${end}`]);
  }
  if (first !== undefined) lines.push(['', `first reached: ${first.what}, in ${daysText(first.days)}`]);
  for (const { what, part } of alarms) lines.push(['', `${what} is used to ${Math.floor(part * 100)} %`]);
  if (dropped.partitionsOverSize > 0)
    lines.push([
      '',
      `${grouped(dropped.partitionsOverSize)} partitions dropped for their size, ${bytesText(dropped.bytesOverSize)}`,
    ]);
  return lines;
}

function tableText(
  name: string,
  { bytes, rows, bytesPerDay, basis, maxBytes, daysToLimit }: TableStorageStatus,
): string {
  const limit = maxBytes === undefined ? '' : ` of ${bytesText(maxBytes)}`;
  const guess = basis === 'hours' ? ', a guess from few hours' : '';
  const growth = bytesPerDay === undefined ? '' : `, ${bytesText(bytesPerDay)} a day${guess}`;
  const end = daysToLimit === undefined ? '' : `, at its limit in ${daysText(daysToLimit)}`;
  return `${name}: ${bytesText(bytes)}${limit}, about ${grouped(rows)} rows${growth}${end}`;
}

function daysText(days: number): string {
  if (days < 2) return `${Math.round(days * 24)} hours`;
  return `${grouped(Math.round(days))} days`;
}
