import type { Bounds } from './bound.ts';

const ALARM_SHARE = 0.8;
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/**
 * What an operator should know before rows are lost: at 80 % of the journal's own bound, of the room that its disk has for it, or
 * of the disk where that is what bounds it.
 * @param bytes of the journal
 * @param disk bytes that are free, and of all of it; Infinity where that is not known
 * @returns a sentence without a full stop; undefined while there is room
 */
export function fillAlarm(
  bytes: number,
  { maxBytes, minFreeBytes }: Bounds,
  disk: { readonly bytes: number; readonly totalBytes: number },
): string | undefined {
  if (bytes >= ALARM_SHARE * maxBytes) return `journal ${percent(bytes, maxBytes)} full: ${ofTotal(bytes, maxBytes)}`;
  const room = bytes + disk.bytes - minFreeBytes;
  if (room >= maxBytes) return undefined;
  if (room <= bytes)
    return `no room for the journal: ${sized(disk.bytes)} of its disk are free, ${sized(minFreeBytes)} are left to others`;
  if (bytes >= ALARM_SHARE * room) {
    return `journal ${percent(bytes, room)} full: ${ofTotal(bytes, room)}, all that its disk has for it`;
  }
  const used = disk.totalBytes - disk.bytes;
  if (used < ALARM_SHARE * disk.totalBytes) return undefined;
  return `disk of the journal ${percent(used, disk.totalBytes)} full: ${ofTotal(used, disk.totalBytes)}`;
}

function percent(part: number, whole: number): string {
  return `${Math.floor((100 * part) / whole)} %`;
}

/** `8.3 of 10 GiB` */
function ofTotal(bytes: number, total: number): string {
  const exponent = exponentOf(total);
  return `${inUnit(bytes, exponent)} of ${inUnit(total, exponent)} ${UNITS[exponent]}`;
}

function sized(bytes: number): string {
  const exponent = exponentOf(bytes);
  return `${inUnit(bytes, exponent)} ${UNITS[exponent]}`;
}

function exponentOf(bytes: number): number {
  return Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
}

function inUnit(bytes: number, exponent: number): number {
  return Number((Math.max(0, bytes) / 2 ** (10 * exponent)).toFixed(1));
}
