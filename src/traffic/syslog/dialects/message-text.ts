import { TimeFormat } from './device-time.ts';

/** Digits of a sequence number; enough for a day at 100,000 a second. */
const SEQUENCE_DIGITS = 10;

/** Stands where the sequence number goes. */
export const SEQUENCE = Symbol('sequence');

/** What a message is made of: text, and places for what changes from one sending to the next. */
export type Piece = string | number | typeof SEQUENCE | TimeFormat;

/** Tag of template literals: puts a message together out of text, places, and parts that were put together before. */
export function text(strings: TemplateStringsArray, ...values: (Piece | readonly Piece[])[]): readonly Piece[] {
  const pieces: Piece[] = [];
  for (const [index, string] of strings.entries()) {
    pieces.push(string);
    const value = values[index];
    if (value === undefined) continue;
    if (isPieces(value)) pieces.push(...value);
    else pieces.push(value);
  }
  return pieces;
}

function isPieces(value: Piece | readonly Piece[]): value is readonly Piece[] {
  return Array.isArray(value);
}

// Any time does, but the number of its digits must be that of today's.
const SOME_TIME_MS = Date.UTC(2026, 0, 1);

interface TimePlace {
  readonly at: number;
  readonly format: TimeFormat;
  written: Buffer | undefined;
}

/** A message whose sequence number and times are written into place before each sending. */
export class PreparedMessage {
  readonly bytes: Buffer;
  /** Place in the list of dialects of the load. */
  readonly dialect: number;
  readonly #sequences: readonly number[];
  readonly #times: readonly TimePlace[];

  /** @param size fills the message up to so many bytes, if it is shorter */
  constructor(pieces: readonly Piece[], dialect: number, size = 0) {
    this.dialect = dialect;
    const chunks: Buffer[] = [];
    const sequences: number[] = [];
    const times: TimePlace[] = [];
    let at = 0;
    for (const piece of pieces) {
      if (piece === SEQUENCE) sequences.push(at);
      else if (piece instanceof TimeFormat) times.push({ at, format: piece, written: undefined });
      const chunk = bytesOf(piece);
      chunks.push(chunk);
      at += chunk.length;
    }
    this.bytes = Buffer.concat([...chunks, filling(size - at)]);
    this.#sequences = sequences;
    this.#times = times;
  }

  stamp(sequence: number, nowMs: number): void {
    for (const place of this.#times) {
      const bytes = place.format.bytesAt(nowMs);
      if (bytes === place.written) continue;
      bytes.copy(this.bytes, place.at);
      place.written = bytes;
    }
    for (const place of this.#sequences) writeDigits(this.bytes, place, sequence);
  }
}

function bytesOf(piece: Piece): Buffer {
  if (piece === SEQUENCE) return Buffer.alloc(SEQUENCE_DIGITS, '0');
  return piece instanceof TimeFormat ? piece.bytesAt(SOME_TIME_MS) : Buffer.from(String(piece));
}

/** ` ....`: a word behind the message, which no dialect takes for something else. */
function filling(size: number): Buffer {
  return size <= 0 ? Buffer.alloc(0) : Buffer.alloc(size, '.').fill(' ', 0, 1);
}

function writeDigits(bytes: Buffer, at: number, value: number): void {
  let rest = value;
  for (let position = at + SEQUENCE_DIGITS - 1; position >= at; position -= 1) {
    const next = Math.floor(rest / 10);
    bytes[position] = 0x30 + rest - 10 * next;
    rest = next;
  }
}
