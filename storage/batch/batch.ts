import assert from 'node:assert/strict';
import type { RowSink, RowTable } from '../../collectors/row-sink.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { encodeInFront, PREFIX_BYTES, type SealedBatch } from './batch-format.ts';
import type { Draft } from '../journal/drafts/draft.ts';
import { type DraftNotes, MAX_NOTES_BYTES } from '../journal/drafts/draft-notes.ts';
import type { Drafted, DraftStore } from '../journal/drafts/draft-store.ts';
import type { BufferPool } from './buffer-pool.ts';
import { leadingTimestamp, rowOffsets } from './copy-reader.ts';
import { uuidV7 } from './uuid.ts';

export interface BatchLimits {
  /** Rows at which a batch is sealed; one `commit` may exceed it. */
  readonly maxRows: number;
  /** How long the first row of a batch may wait, milliseconds. */
  readonly maxAgeMs: number;
}

/** What `RowSink` promises that one `reserve` may ask for. */
export const MAX_RESERVE_BYTES = 1 << 20;

// The numbers of a header (id, rows, times) need less than this beside the names, also with the head of a draft.
const HEADER_NUMBERS_BYTES = 256;

/**
 * The batch of one table that decoders are filling. It seals itself by rows, by bytes (the size of the pool's buffers) and by
 * age, gives the sealed batch to `onSealed` and goes on with fresh memory. With drafts, its rows are in one at the end of
 * each turn of the event loop, and when it is sealed; whoever takes the batch releases the draft.
 *
 *   empty ──commit──▶ open ──rows, bytes, age, seal()──▶ (onSealed) ──▶ empty
 */
export class OpenBatch implements RowSink, Drafted {
  bytes: Buffer;
  position: number;
  /** What is kept together with the rows. */
  notes: DraftNotes | undefined;
  readonly #table: RowTable;
  readonly #columnNames: readonly string[];
  /** An IPv4 address in front has the width of a time, too. */
  readonly #leadsWithTime: boolean;
  readonly #limits: BatchLimits;
  readonly #clock: Clock;
  readonly #pool: BufferPool;
  readonly #onSealed: (batch: SealedBatch, draft: Draft | undefined) => void;
  readonly #drafts: DraftStore | undefined;
  readonly #bodyStart: number;
  #id = '';
  #draft: Draft | undefined;
  #isDraftDue = false;
  #rows = 0;
  #earliestMicros = Infinity;
  #latestMicros = -Infinity;
  #cancelAge: (() => void) | undefined;

  constructor(
    table: RowTable,
    limits: BatchLimits,
    clock: Clock,
    pool: BufferPool,
    onSealed: (batch: SealedBatch, draft: Draft | undefined) => void,
    drafts?: DraftStore,
  ) {
    this.#table = table;
    this.#columnNames = table.columns.map((column) => column.name);
    this.#leadsWithTime = table.columns[0]?.type === 'timestamptz';
    this.#limits = limits;
    this.#clock = clock;
    this.#pool = pool;
    this.#onSealed = onSealed;
    this.#drafts = drafts;
    const names = JSON.stringify([table.table, this.#columnNames]).length;
    this.#bodyStart =
      (PREFIX_BYTES + HEADER_NUMBERS_BYTES + names + (drafts === undefined ? 0 : MAX_NOTES_BYTES) + 7) & ~7;
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
    if (this.#rows === 0) this.#begin();
    const leading = this.#leadsWithTime ? leadingTimestamp(this.bytes, this.position) : undefined;
    this.#noteTime(leading ?? this.#clock.nowMicros());
    this.#rows += rows;
    this.position = position;
    if (this.#rows >= this.#limits.maxRows) this.seal();
    else if (!this.#isDraftDue) this.#dueAtEndOfTurn();
  }

  /** Writes down what was committed since the last time; called at the end of a turn of the event loop. */
  writeDraft(): void {
    this.#isDraftDue = false;
    if (this.#rows > 0) this.#writeDraft();
  }

  /** Seals what is there, if anything: at shutdown, or when somebody cannot wait. */
  seal(): void {
    this.#cancelAge?.();
    this.#cancelAge = undefined;
    if (this.#rows === 0) return;
    // This turn may end before the batch is in the journal.
    this.#writeDraft();
    this.notes?.sealed();
    const draft = this.#draft;
    const takenRows = draft?.takenRows() ?? 0;
    const batch = takenRows === 0 ? this.#takeSealed(draft?.crcUpTo(this.position)) : this.#takeRest(takenRows);
    this.#draft = undefined;
    this.#rows = 0;
    this.#earliestMicros = Infinity;
    this.#latestMicros = -Infinity;
    if (batch === undefined) draft?.release();
    else this.#onSealed(batch, draft);
  }

  #begin(): void {
    this.#cancelAge = this.#clock.after(this.#limits.maxAgeMs, () => this.seal());
    this.#id = uuidV7(this.#clock.nowMicros());
    const header = { id: this.#id, table: this.#table.table, columns: this.#columnNames };
    this.#draft = this.#drafts?.begin(header, this.#bodyStart);
  }

  #dueAtEndOfTurn(): void {
    if (this.#drafts === undefined) return;
    this.#isDraftDue = true;
    this.#drafts.atEndOfTurn(this);
  }

  #writeDraft(): void {
    const draft = this.#draft;
    if (draft === undefined || !draft.lacks(this.position)) return;
    const notes = this.notes?.take();
    const [earliest, latest] = [this.#earliestMicros, this.#latestMicros];
    const isNoted = draft.write(this.bytes, this.position, this.#rows, earliest, latest, notes);
    if (notes !== undefined && !isNoted) this.notes?.refused();
  }

  /** Seals what is behind the first rows, which somebody else writes under the id that they have; undefined where that is nothing. */
  #takeRest(takenRows: number): SealedBatch | undefined {
    const from = rowOffsets(this.bytes.subarray(this.#bodyStart, this.position))[takenRows];
    this.#rows -= takenRows;
    this.#id = uuidV7(this.#clock.nowMicros());
    if (from !== undefined && this.#rows > 0) return this.#takeSealed(undefined, this.#bodyStart + from);
    this.position = this.#bodyStart;
    return undefined;
  }

  #takeSealed(bodyCrc: number | undefined, from: number = this.#bodyStart): SealedBatch {
    const header = {
      id: this.#id,
      table: this.#table.table,
      columns: this.#columnNames,
      rows: this.#rows,
      earliestMicros: this.#earliestMicros,
      latestMicros: this.#latestMicros,
    };
    const filled = encodeInFront(header, this.bytes, from, this.position, bodyCrc);
    const bodyBytes = this.position - from;
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
