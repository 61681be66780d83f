import { randomUUID } from 'node:crypto';
import { isIPv4 } from 'node:net';
import {
  writeBool,
  writeChar,
  writeFieldCount,
  writeInet,
  writeInt2,
  writeInt4,
  writeInt8,
  writeJsonb,
  writeNull,
  writeText,
  writeTimestamp,
} from '../../collectors/copy-format.ts';
import type { ColumnType, RowTable } from '../../collectors/row-sink.ts';
import { encodeInFront, type SealedBatch } from '../../storage/batch/batch-format.ts';

export type Row = Readonly<Record<string, number | string | undefined>>;

const BODY_START = 2048;

/** A sealed batch of `rows`; what a row does not name is NULL. Addresses are IPv4, times microseconds since the Unix epoch. */
export function sealedBatch(
  { table, columns }: RowTable,
  rows: readonly Row[],
  id: string = randomUUID(),
): SealedBatch {
  const memory = Buffer.alloc(BODY_START + rows.length * columns.length * 64 + JSON.stringify(rows).length * 3);
  let at = BODY_START;
  const times: number[] = [];
  for (const row of rows) {
    at = writeFieldCount(memory, at, columns.length);
    for (const { name, type } of columns) at = writeValue(memory, at, type, row[name]);
    times.push(Number(row.received_at ?? row.seen_at ?? 0));
  }
  const header = {
    id,
    table,
    columns: columns.map((column) => column.name),
    rows: rows.length,
    earliestMicros: Math.min(...times),
    latestMicros: Math.max(...times),
  };
  const encoded = encodeInFront(header, memory, BODY_START, at);
  return { ...header, encoded, body: memory.subarray(BODY_START, at), release: () => {} };
}

function writeValue(out: Buffer, at: number, type: ColumnType, value: number | string | undefined): number {
  if (value === undefined) return writeNull(out, at);
  if (typeof value === 'number') {
    if (type === 'bool') return writeBool(out, at, value !== 0);
    if (type === 'timestamptz') return writeTimestamp(out, at, value);
    if (type === 'int8') return writeInt8(out, at, value);
    return type === 'int4' ? writeInt4(out, at, value) : writeInt2(out, at, value);
  }
  if (type === 'jsonb') return writeJsonb(out, at, value);
  if (type === 'char') return writeChar(out, at, value.charCodeAt(0));
  if (type === 'inet' && isIPv4(value)) return writeInet(out, at, Buffer.from(value.split('.').map(Number)), 0, 4);
  return writeText(out, at, value);
}
