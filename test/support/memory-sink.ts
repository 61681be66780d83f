import type { RowSink, RowTable } from '../../collectors/row-sink.ts';
import { readRows } from '../../storage/batch/copy-reader.ts';

/** An open batch that never seals: rows stay in memory until they are read back. Fails on writes beyond what was reserved. */
export class MemorySink implements RowSink {
  bytes: Buffer = Buffer.alloc(1 << 16);
  position = 0;
  rows = 0;
  #reservedTo = 0;
  readonly #table: RowTable;

  constructor(table: RowTable) {
    this.#table = table;
  }

  reserve(size: number): void {
    if (this.position + size > this.bytes.length) {
      const larger = Buffer.alloc(Math.max(this.bytes.length * 2, this.position + size));
      this.bytes.copy(larger, 0, 0, this.position);
      this.bytes = larger;
    }
    this.#reservedTo = this.position + size;
  }

  commit(position: number, rows: number): void {
    if (position > this.#reservedTo) throw new Error(`wrote to ${position}, reserved to ${this.#reservedTo}`);
    this.position = position;
    this.rows += rows;
  }

  /** Forgets what was written. */
  clear(): void {
    this.position = 0;
    this.rows = 0;
    this.#reservedTo = 0;
  }

  /** The rows as values; their number agrees with what was committed. */
  read(): Record<string, unknown>[] {
    const rows = readRows(this.bytes.subarray(0, this.position), this.#table.columns);
    if (rows.length !== this.rows) throw new Error(`${rows.length} rows written, ${this.rows} committed`);
    return rows;
  }
}
