import { MAX_RESERVE_BYTES, type RowSink, type RowTable } from '../../collectors/row-sink.ts';
import { readRows } from '../../storage/batch/copy-reader.ts';

/** As large as a batch by default, so that the memory that is written is as much as in earnest. */
const BUFFER_BYTES = 4 << 20;

/** An open batch whose rows go nowhere: when it is full it starts over. */
export class DiscardingSink implements RowSink {
  readonly bytes = Buffer.alloc(BUFFER_BYTES);
  position = 0;
  /** All that were ever committed. */
  rows = 0;
  /** Is given the rows before they are overwritten. */
  onDiscard: ((rows: Record<string, unknown>[]) => void) | undefined;
  readonly #table: RowTable;

  constructor(table: RowTable) {
    this.#table = table;
  }

  reserve(size: number): void {
    if (size > MAX_RESERVE_BYTES) throw new Error(`reservation of ${size} bytes`);
    if (this.position + size > this.bytes.length) this.discard();
  }

  commit(position: number, rows: number): void {
    this.position = position;
    this.rows += rows;
  }

  discard(): void {
    this.onDiscard?.(readRows(this.bytes.subarray(0, this.position), this.#table.columns));
    this.position = 0;
  }
}
