// Bounds as Linux has them in spirit: a capture is not trusted, and most fragments in it will never be completed.
const MAX_DATAGRAMS_IN_PIECES = 256;
const MAX_PIECES = 128;
const MAX_DATAGRAM_BYTES = 65_535;
const MAX_AGE_MICROS = 60_000_000; // RFC 8200 section 4.5

interface Piece {
  readonly offset: number;
  readonly bytes: Buffer;
}

interface Incomplete {
  readonly firstSeenMicros: number;
  readonly pieces: Piece[];
  /** Known from the last fragment; -1 before. */
  totalLength: number;
}

/** Puts IP fragments together again, IPv4 (RFC 791) and IPv6 (RFC 8200); the oldest goes when there are too many. */
export class FragmentTable {
  readonly #incomplete = new Map<string, Incomplete>();

  /**
   * Adds a fragment of the datagram `key` (addresses, identification, protocol). `offset`: in bytes.
   * Returns the whole payload once the last missing piece is there.
   */
  add(key: string, offset: number, bytes: Buffer, more: boolean, timeMicros: number): Buffer | undefined {
    if (offset + bytes.length > MAX_DATAGRAM_BYTES) return undefined;
    const incomplete = this.#find(key, timeMicros);
    if (incomplete.pieces.length >= MAX_PIECES) return undefined;
    incomplete.pieces.push({ offset, bytes: Buffer.from(bytes) });
    if (!more) incomplete.totalLength = offset + bytes.length;
    const whole = assemble(incomplete);
    if (whole !== undefined) this.#incomplete.delete(key);
    return whole;
  }

  #find(key: string, timeMicros: number): Incomplete {
    const known = this.#incomplete.get(key);
    if (known !== undefined && Math.abs(timeMicros - known.firstSeenMicros) <= MAX_AGE_MICROS) return known;
    this.#incomplete.delete(key);
    if (this.#incomplete.size >= MAX_DATAGRAMS_IN_PIECES) {
      const oldest = this.#incomplete.keys().next();
      if (oldest.done !== true) this.#incomplete.delete(oldest.value);
    }
    const fresh: Incomplete = { firstSeenMicros: timeMicros, pieces: [], totalLength: -1 };
    this.#incomplete.set(key, fresh);
    return fresh;
  }
}

function assemble(incomplete: Incomplete): Buffer | undefined {
  if (incomplete.totalLength < 0) return undefined;
  const pieces = incomplete.pieces.toSorted((one, other) => one.offset - other.offset);
  const whole = Buffer.alloc(incomplete.totalLength);
  let filled = 0;
  for (const { offset, bytes } of pieces) {
    if (offset > filled) return undefined;
    bytes.copy(whole, offset);
    filled = Math.max(filled, offset + bytes.length);
  }
  return filled >= incomplete.totalLength ? whole : undefined;
}
