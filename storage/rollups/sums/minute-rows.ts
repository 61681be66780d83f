import { type Dimension, DIMENSIONS, type MinuteSums, NAMED, NULL_HIGH, SHORT_ADDRESS } from './minute-sums.ts';
import { type Most, raise } from './prune.ts';
import {
  BYTES,
  COUNTED,
  EXPORTER,
  FLOWS,
  PACKETS,
  SCALED_BYTES,
  SCALED_PACKETS,
  SEEN_BYTES,
  SEEN_PACKETS,
  SHORT_FIRST,
  SHORT_SECOND,
  SumTable,
  UNKNOWN,
} from './sum-table.ts';
import { TupleWriter } from './tuple-writer.ts';

/** The columns that the rows have, in this order. */
export const ROLLUP_COLUMNS = `bucket, flows, counted_flows, unknown_sampling, bytes, packets, scaled_bytes, scaled_packets,
  hidden_bytes, hidden_packets, hidden_flows, is_remainder, dimension, exporter, number, application_id, src_addr, dst_addr, protocol, port`;
const COLUMNS = 20;
/** Keys of an exporter in dimensions of which there are few. */
export const MOST_LISTED = 1000;
/** PostgreSQL counts from 2000. */
const EPOCH_2000 = 946_684_800_000_000n;
const NAMES = new Map(DIMENSIONS.map((dimension) => [dimension, Buffer.from(dimension)]));
const BY_TOP = new Set<Dimension>(['application', 'conversation', 'source', 'destination']);

/**
 * The rows of a minute in the binary COPY format: of each exporter and dimension the largest keys, and the rest as one remainder.
 * @param minute microseconds since the Unix epoch
 * @param top how many conversations, hosts and applications stand alone
 */
export function minuteRows(sums: MinuteSums, minute: number, top: number): Buffer {
  const writer = new TupleWriter();
  const bucket = BigInt(minute) - EPOCH_2000;
  for (const dimension of DIMENSIONS) {
    const most = BY_TOP.has(dimension) ? top : MOST_LISTED;
    for (const entries of byExporter(sums.tables[dimension], sums.exporters.size))
      writeExporter(writer, bucket, sums, dimension, entries, most);
    writeGone(writer, bucket, sums, dimension);
  }
  return writer.written;
}

/** Entries by the number of their exporter. */
function byExporter(table: SumTable, exporters: number): number[][] {
  const lists: number[][] = Array.from({ length: exporters + 1 }, () => []);
  for (let entry = 0; entry < table.size; entry += 1) lists[table.key(entry, 0) & EXPORTER]?.push(entry);
  return lists;
}

function writeExporter(
  writer: TupleWriter,
  bucket: bigint,
  sums: MinuteSums,
  dimension: Dimension,
  entries: readonly number[],
  most: number,
): void {
  const [first] = entries;
  if (first === undefined) return;
  const table = sums.tables[dimension];
  const exporter = table.key(first, 0) & EXPORTER;
  const pruned = sums.pruned.get(dimension)?.get(exporter);
  const { kept, small } = largest(table, entries, most);
  for (const entry of kept) {
    writeSums(writer, bucket, table, entry, pruned);
    writer.bool(false);
    writeKey(writer, sums, dimension, exporter, entry);
  }
  if (small.length > 0 || pruned !== undefined) writeRemainder(writer, bucket, sums, dimension, exporter, small);
}

/** Of exporters all of whose keys were given up while they were summed. */
function writeGone(writer: TupleWriter, bucket: bigint, sums: MinuteSums, dimension: Dimension): void {
  const table = sums.tables[dimension];
  const there = new Set<number>();
  const pruned = sums.pruned.get(dimension);
  if (pruned === undefined) return;
  for (let entry = 0; entry < table.size; entry += 1) there.add(table.key(entry, 0) & EXPORTER);
  for (const exporter of pruned.keys())
    if (!there.has(exporter)) writeRemainder(writer, bucket, sums, dimension, exporter, []);
}

function largest(
  table: SumTable,
  entries: readonly number[],
  most: number,
): { kept: readonly number[]; small: readonly number[] } {
  if (entries.length <= most) return { kept: entries, small: [] };
  const weights = new Float64Array(entries.length);
  for (let index = 0; index < entries.length; index += 1)
    weights[index] = table.weight(entries[index] ?? 0, SCALED_BYTES);
  const threshold = weights.toSorted()[entries.length - most] ?? 0;
  let equal = most;
  for (const weight of weights) if (weight > threshold) equal -= 1;
  const kept: number[] = [];
  const small: number[] = [];
  for (let index = 0; index < entries.length; index += 1) {
    const weight = weights[index] ?? 0;
    const isKept = weight > threshold || (weight === threshold && equal > 0);
    (isKept ? kept : small).push(entries[index] ?? 0);
    if (weight === threshold) equal -= 1;
  }
  return { kept, small };
}

function writeRemainder(
  writer: TupleWriter,
  bucket: bigint,
  sums: MinuteSums,
  dimension: Dimension,
  exporter: number,
  small: readonly number[],
): void {
  const table = sums.tables[dimension];
  const rest = new SumTable(2);
  const entry = rest.entryOf(exporter, 0, 0);
  const hidden: Most = [0, 0, 0];
  for (const each of small) {
    rest.addEntry(entry, table, each);
    raise(hidden, table, each);
  }
  const evicted = sums.evicted.get(dimension);
  const pruned = sums.pruned.get(dimension)?.get(exporter);
  if (evicted !== undefined && pruned !== undefined) {
    rest.addEntry(entry, evicted, evicted.entryOf(exporter, 0, 0));
    for (const place of [0, 1, 2] as const) hidden[place] += pruned[place];
  }
  writeSums(writer, bucket, rest, entry, hidden);
  writer.bool(true);
  writer.bytes(NAMES.get(dimension) ?? Buffer.alloc(0));
  writer.bytes(sums.exporters.bytesOf(exporter));
  for (let column = 0; column < 6; column += 1) writer.null();
}

function writeSums(
  writer: TupleWriter,
  bucket: bigint,
  table: SumTable,
  entry: number,
  hidden: Most | undefined,
): void {
  writer.start(COLUMNS);
  writer.int8(bucket);
  for (const place of [FLOWS, COUNTED, UNKNOWN]) writer.int8(BigInt(table.sum(entry, place)));
  for (const place of [BYTES, PACKETS, SCALED_BYTES, SCALED_PACKETS]) {
    const seen = place === BYTES || place === SCALED_BYTES ? SEEN_BYTES : SEEN_PACKETS;
    if (table.hasSeen(entry, seen)) writer.numeric(table.sum(entry, place));
    else writer.null();
  }
  for (const place of [0, 1, 2] as const) {
    if (hidden === undefined) writer.null();
    else writer.numeric(Math.ceil(hidden[place]));
  }
}

function writeKey(writer: TupleWriter, sums: MinuteSums, dimension: Dimension, exporter: number, entry: number): void {
  const table = sums.tables[dimension];
  const [b, c] = [table.key(entry, 1), table.key(entry, 2)];
  writer.bytes(NAMES.get(dimension) ?? Buffer.alloc(0));
  writer.bytes(sums.exporters.bytesOf(exporter));
  const isNumber = !BY_TOP.has(dimension) && dimension !== 'total';
  if (isNumber && b !== NULL_HIGH) writer.int8Halves(b, c);
  else writer.null();
  if (dimension === 'application' && b === NAMED) writer.bytes(sums.applications.bytesOf(c));
  else writer.null();
  const hasSource = dimension === 'conversation' || dimension === 'source';
  const isDestination = dimension === 'destination';
  const [isShort, isSecondShort] = [SHORT_FIRST, SHORT_SECOND].map((bit) => (table.key(entry, 0) & bit) !== 0);
  writeAddress(writer, sums, hasSource ? b : 0, hasSource && isShort === true);
  if (isDestination) writeAddress(writer, sums, b, isShort === true);
  else writeAddress(writer, sums, dimension === 'conversation' ? c : 0, isSecondShort === true);
  const isGuess = dimension === 'application' && b !== NAMED;
  if (isGuess && b >= 0) writer.int2(b);
  else writer.null();
  if (isGuess && c !== -1) writer.int4(c);
  else writer.null();
}

/** @param id the number of the address, or itself where it `isShort` */
function writeAddress(writer: TupleWriter, sums: MinuteSums, id: number, isShort: boolean): void {
  if (isShort) writer.int8Halves(SHORT_ADDRESS, id);
  else if (id === 0) writer.null();
  else writer.bytes(sums.addresses.bytesOf(id));
}
