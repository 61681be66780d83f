/**
 * Where decoders put their rows: an open batch of one table. Declared by the collectors, implemented by `storage`.
 *
 * A row is a tuple of PostgreSQL's binary COPY format: int16 number of columns, then for each column int32 length
 * (-1 for NULL) and that many bytes. Rows stand back to back. See the PostgreSQL manual, COPY, "Binary Format".
 *
 * Use: `reserve` room for the most that the rows can need, write from `position` on, `commit` what was written.
 */
export interface RowSink {
  /** The open batch's memory. May be another buffer after each `reserve`. */
  readonly bytes: Buffer;
  /** Where the next row starts in `bytes`. */
  readonly position: number;
  /** Makes room for `size` more bytes at `position`; may seal the batch and open another. `size` ≤ `MAX_RESERVE_BYTES`. */
  reserve(size: number): void;
  /** Declares that `rows` whole rows were written, the last of them ending at `position`. */
  commit(position: number, rows: number): void;
}

/** The most that one `reserve` may ask for. A decoder with more rows than that writes them in several goes. */
export const MAX_RESERVE_BYTES = 1 << 20;

/** The PostgreSQL types that rows carry; each has one writer in `copy-format.ts`. */
export type ColumnType =
  | 'timestamptz'
  | 'int8'
  | 'int4'
  | 'int2'
  | 'bool'
  | 'char'
  | 'inet'
  | 'text'
  | 'text[]'
  | 'bytea'
  | 'jsonb';

/** A table that a collector fills: its name and the columns, in the order in which rows carry them. */
export interface RowTable {
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
}
