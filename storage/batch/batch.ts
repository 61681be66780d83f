import assert from 'node:assert/strict';
import type { RowSink, RowTable } from '../../collectors/row-sink.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { encodeInFront, PREFIX_BYTES, type SealedBatch } from './batch-format.ts';
import type { BufferPool } from './buffer-pool.ts';
import { leadingTimestamp } from './copy-reader.ts';
import { uuidV7 } from './uuid.ts';

export interface BatchLimits {
  /** Rows at which a batch is sealed; one `commit` may exceed it. */
  readonly maxRows: number;
  /** How long the first row of a batch may wait, milliseconds. */
  readonly maxAgeMs: number;
}

/** What `RowSink` promises that one `reserve` may ask for. */
export const MAX_RESERVE_BYTES = 1 << 20;

// The numbers of a header (id, rows, times) need less than this beside the names.
const HEADER_NUMBERS_BYTES = 256;

/**
 * The batch of one table that decoders are filling. It seals itself by rows, by bytes (the size of the pool's buffers) and by
 * age, gives the sealed batch to `onSealed` and goes on with fresh memory.
 *
 *   empty ──commit──▶ open ──rows, bytes, age, seal()──▶ (onSealed) ──▶ empty
 */
export class OpenBatch implements RowSink {
  bytes: Buffer;
  position: number;
  readonly #table: RowTable;
  readonly #columnNames: readonly string[];
  /** An IPv4 address in front has the width of a time, too. */
  readonly #leadsWithTime: boolean;
  readonly #limits: BatchLimits;
  readonly #clock: Clock;
  readonly #pool: BufferPool;
  readonly #onSealed: (batch: SealedBatch) => void;
  readonly #bodyStart: number;
  #rows = 0;
  #earliestMicros = Infinity;
  #latestMicros = -Infinity;
  #cancelAge: (() => void) | undefined;

  constructor(
    table: RowTable,
    limits: BatchLimits,
    clock: Clock,
    pool: BufferPool,
    onSealed: (batch: SealedBatch) => void,
  ) {
    this.#table = table;
    this.#columnNames = table.columns.map((column) => column.name);
    this.#leadsWithTime = table.columns[0]?.type === 'timestamptz';
    this.#limits = limits;
    this.#clock = clock;
    this.#pool = pool;
    this.#onSealed = onSealed;
    const names = JSON.stringify([table.table, this.#columnNames]).length;
    this.#bodyStart = (PREFIX_BYTES + HEADER_NUMBERS_BYTES + names + 7) & ~7;
    assert(pool.bufferBytes >= this.#bodyStart + MAX_RESERVE_BYTES, 'a buffer must hold one reservation');
    this.bytes = pool.take();
    this.position = this.#bodyStart;
  }

  reserve(size: number): void {
    assert(size <= MAX_RESERVE_BYTES, 'reservation too large');
    if (this.position + size > this.bytes.length) this.seal();
  }

  commit(position: number, rows: number): void {
    assert(position >= this.position && position <= this.bytes.length, 'commit outside of the reservation');
    if (rows === 0) return;
    if (this.#rows === 0) this.#cancelAge = this.#clock.after(this.#limits.maxAgeMs, () => this.seal());
    const leading = this.#leadsWithTime ? leadingTimestamp(this.bytes, this.position) : undefined;
    this.#noteTime(leading ?? this.#clock.nowMicros());
    this.#rows += rows;
    this.position = position;
    if (this.#rows >= this.#limits.maxRows) this.seal();
  }

  /** Seals what is there, if anything: at shutdown, or when somebody cannot wait. */
  seal(): void {
    this.#cancelAge?.();
    this.#cancelAge = undefined;
    if (this.#rows === 0) return;
    const batch = this.#takeSealed();
    this.#rows = 0;
    this.#earliestMicros = Infinity;
    this.#latestMicros = -Infinity;
    this.#onSealed(batch);
  }

  #takeSealed(): SealedBatch {
    const header = {
      id: uuidV7(this.#clock.nowMicros()),
      table: this.#table.table,
      columns: this.#columnNames,
      rows: this.#rows,
      earliestMicros: this.#earliestMicros,
      latestMicros: this.#latestMicros,
    };
    const filled = encodeInFront(header, this.bytes, this.#bodyStart, this.position);
    const bodyBytes = this.position - this.#bodyStart;
    const { memory: encoded, replacement, release } = this.#pool.give(this.bytes, filled);
    this.bytes = replacement;
    this.position = this.#bodyStart;
    return { ...header, encoded, body: encoded.subarray(encoded.length - bodyBytes), release };
  }

  // One look a commit is enough: the rows of a commit come from one datagram, and share its arrival time.
  #noteTime(micros: number): void {
    const bounded = Math.max(0, micros);
    if (bounded < this.#earliestMicros) this.#earliestMicros = bounded;
    if (bounded > this.#latestMicros) this.#latestMicros = bounded;
  }
}
