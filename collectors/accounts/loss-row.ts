import { writeFieldCount, writeInt8, writeJsonb, writeText, writeTimestamp } from '../copy-format.ts';
import type { RowSink } from '../row-sink.ts';
import { LOSSES } from './loss-table.ts';

export const MINUTE_MICROS = 60_000_000;
/** Room for a row, its two short words included, without the reasons. */
const ROW_BYTES = 512;

/** Whose losses: `senderField` is an inet as rows carry it, with its length before it. */
export interface LossSender {
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
  heldDecoded: number;
  heldExpired: number;
  filtered: number;
  kernelDrops: number;
  dropped: number;
}

/** In the order of the table's columns. */
export const COUNTED = [
  'datagrams',
  'received',
  'rows',
  'lost',
  'duplicates',
  'reordered',
  'restarts',
  'undecodable',
  'held',
  'heldDecoded',
  'heldExpired',
  'filtered',
  'kernelDrops',
  'dropped',
] as const satisfies readonly (keyof LossCounts)[];

/** Writes all counts, in the order of `COUNTED`, less those of `base`; written out, since it is done at every turn for many. */
export function copyCounts(counts: Readonly<LossCounts>, base: Float64Array, out: Float64Array, at: number): void {
  out[at] = counts.datagrams - base[0]!;
  out[at + 1] = counts.received - base[1]!;
  out[at + 2] = counts.rows - base[2]!;
  out[at + 3] = counts.lost - base[3]!;
  out[at + 4] = counts.duplicates - base[4]!;
  out[at + 5] = counts.reordered - base[5]!;
  out[at + 6] = counts.restarts - base[6]!;
  out[at + 7] = counts.undecodable - base[7]!;
  out[at + 8] = counts.held - base[8]!;
  out[at + 9] = counts.heldDecoded - base[9]!;
  out[at + 10] = counts.heldExpired - base[10]!;
  out[at + 11] = counts.filtered - base[11]!;
  out[at + 12] = counts.kernelDrops - base[12]!;
  out[at + 13] = counts.dropped - base[13]!;
}

/** What an account counted in one minute, as of now. */
export interface LossMinute {
  readonly minuteMicros: number;
  /** Tells accounts apart: a row takes the place of earlier ones of its account and minute, and adds to those of others. */
  readonly account: number;
  /** Of an account and minute the highest counts. */
  readonly version: number;
  /** In the order of `COUNTED`. */
  readonly counts: ArrayLike<number>;
  /** JSON: a number by reason. */
  readonly reasons: string;
}

/** A number for a new account, from 1 to 2^53 - 1. */
export function newAccountNumber(): number {
  return 1 + Math.floor(Math.random() * (Number.MAX_SAFE_INTEGER - 1));
}

export function writeLossRow(sink: RowSink, sender: LossSender, minute: LossMinute): void {
  sink.reserve(ROW_BYTES + 3 * minute.reasons.length);
  const out = sink.bytes;
  let at = writeFieldCount(out, sink.position, LOSSES.columns.length);
  at = writeTimestamp(out, at, minute.minuteMicros);
  at = writeInt8(out, at, sender.observationDomain);
  at = writeInt8(out, at, minute.account);
  at = writeInt8(out, at, minute.version);
  for (let index = 0; index < COUNTED.length; index += 1) at = writeInt8(out, at, minute.counts[index] ?? 0);
  at += sender.senderField.copy(out, at);
  at = writeText(out, at, sender.family);
  at = writeText(out, at, sender.protocol);
  sink.commit(writeJsonb(out, at, minute.reasons), 1);
}
