import { writeFieldCount, writeInt8, writeText, writeTimestamp } from '../copy-format.ts';
import type { RowSink } from '../row-sink.ts';
import { LOSSES } from './loss-table.ts';

export const MINUTE_MICROS = 60_000_000;
/** Room for a row, its two short words included. */
const ROW_BYTES = 512;

/** Whose losses: `senderField` is an inet as rows carry it, with its length before it. */
export interface LossAccount {
  readonly family: 'flow' | 'syslog' | 'snmp';
  readonly protocol: string;
  readonly observationDomain: number;
  readonly senderField: Buffer;
}

/** What was counted, in the units of the columns of `LOSSES`. */
export interface LossCounts {
  datagrams: number;
  received: number;
  rows: number;
  lost: number;
  duplicates: number;
  reordered: number;
  restarts: number;
  undecodable: number;
  held: number;
  heldExpired: number;
  filtered: number;
  kernelDrops: number;
  dropped: number;
}

/** In the order of the table's columns. */
const COUNTED = [
  'datagrams',
  'received',
  'rows',
  'lost',
  'duplicates',
  'reordered',
  'restarts',
  'undecodable',
  'held',
  'heldExpired',
  'filtered',
  'kernelDrops',
  'dropped',
] as const satisfies readonly (keyof LossCounts)[];

/**
 * Writes what was counted since `written` as of the minute that `arrivedAtMicros` is in, and brings `written` up to date;
 * nothing when nothing was counted. `counts` are totals since the sender was first seen.
 */
export function writeLossRow(
  sink: RowSink,
  account: LossAccount,
  counts: Readonly<Partial<LossCounts>>,
  written: Partial<LossCounts>,
  arrivedAtMicros: number,
): void {
  const since = COUNTED.map((name) => (counts[name] ?? 0) - (written[name] ?? 0));
  if (since.every((count) => count === 0)) return;
  for (const name of COUNTED) written[name] = counts[name] ?? 0;
  sink.reserve(ROW_BYTES);
  const out = sink.bytes;
  let at = writeFieldCount(out, sink.position, LOSSES.columns.length);
  at = writeTimestamp(out, at, arrivedAtMicros - (arrivedAtMicros % MINUTE_MICROS));
  at = writeInt8(out, at, account.observationDomain);
  for (const count of since) at = writeInt8(out, at, count);
  at += account.senderField.copy(out, at);
  at = writeText(out, at, account.family);
  sink.commit(writeText(out, at, account.protocol), 1);
}
