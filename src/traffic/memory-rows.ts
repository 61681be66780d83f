import type { RowSink, RowTable } from '../../collectors/row-sink.ts';
import { readRows } from '../../storage/batch/copy-reader.ts';

/** A row as `readRows` gives it: by column, times in microseconds since the Unix epoch. */
export type Row = Readonly<Record<string, unknown>>;

/** An open batch that goes nowhere: rows are taken out again as values, for people to read. */
export class MemoryRows implements RowSink {
  bytes: Buffer = Buffer.alloc(1 << 16);
  position = 0;
  readonly #table: RowTable;

  constructor(table: RowTable) {
    this.#table = table;
  }

  reserve(size: number): void {
    if (this.position + size <= this.bytes.length) return;
    const larger = Buffer.alloc(Math.max(2 * this.bytes.length, this.position + size));
    this.bytes.copy(larger, 0, 0, this.position);
    this.bytes = larger;
  }

  commit(position: number): void {
    this.position = position;
  }

  /** The rows since the last call. */
  take(): Row[] {
    const rows = readRows(this.bytes.subarray(0, this.position), this.#table.columns);
    this.position = 0;
    return rows;
  }
}
