import { CR, LESS, LF, NINE, NUL, SPACE, ZERO, isDigit } from './characters.ts';

/** One message of a stream, without its framing. */
export interface Frame {
  readonly bytes: Buffer;
  /** It was longer than allowed and cut, or the stream ended before its announced length. */
  readonly cut: boolean;
}

/** A count of more digits cannot be meant: the message is then taken for one that begins with a number. */
const maxCountDigits = 7;
const longestCountHeader = maxCountDigits + 2;
const nothing = Buffer.alloc(0);

/**
 * Splits a TCP stream into messages as RFC 6587 describes: octet counting (3.4.1) and a trailer of LF or NUL (3.4.2),
 * told apart anew for every message. A count must be followed by a space and `<`, so that a line which begins
 * with a number is not swallowed. Between a message and the next, blanks and newlines are skipped.
 *
 *     between ── digits SP "<" ──▶ counted ──▶ between      (too long: cut, the rest of the count skipped)
 *        └────── anything else ──▶ line    ──▶ between      (too long: cut, the rest up to LF or NUL skipped)
 *
 * Holds at most `maxMessageBytes` and a count between two calls.
 */
export class StreamFraming {
  readonly #maxMessageBytes: number;
  #held = nothing;
  #heldLength = 0;
  /** Octets of a counted message that are still to be skipped. */
  #skipOctets = 0;
  /** The rest of a line is to be skipped. */
  #skipLine = false;
  /** How much of what is held is known to contain no trailer. */
  #scanned = 0;

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Whether a message has begun that is not complete. */
  get holdsPart(): boolean {
    return this.#heldLength > 0;
  }

  /** The messages that are complete with this chunk: views of it, or of bytes that are not written to again. */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    if (this.#heldLength === 0) {
      this.#keep(chunk, this.#split(chunk, frames, false));
      return frames;
    }
    const joined = this.#append(chunk);
    const rest = this.#split(joined, frames, false);
    // The joined bytes belong to the messages now; their rest moves to a buffer of just its size, so that a connection
    // which falls quiet holds no more than that.
    if (rest > 0) this.#keep(joined, rest);
    else this.#heldLength = joined.length;
    return frames;
  }

  /** The message that the end of the stream left without its trailer, if there is one. */
  end(): Frame[] {
    const frames: Frame[] = [];
    this.#split(this.#held.subarray(0, this.#heldLength), frames, true);
    this.#heldLength = 0;
    this.#held = nothing;
    return frames;
  }

  #append(chunk: Buffer): Buffer {
    const needed = this.#heldLength + chunk.length;
    if (needed > this.#held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#held.length * 2));
      this.#held.copy(larger, 0, 0, this.#heldLength);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#heldLength);
    return this.#held.subarray(0, needed);
  }

  #keep(bytes: Buffer, from: number): void {
    this.#heldLength = bytes.length - from;
    this.#held = this.#heldLength === 0 ? nothing : Buffer.allocUnsafeSlow(this.#heldLength);
    bytes.copy(this.#held, 0, from);
  }

  /** Gives the position of what has to wait for more. */
  #split(bytes: Buffer, frames: Frame[], isLast: boolean): number {
    let position = 0;
    while (position < bytes.length) {
      const next = this.#skip(bytes, position);
      if (next === bytes.length) return next;
      const after = this.#take(bytes, next, frames, isLast);
      if (after < 0) return next;
      position = after;
    }
    return position;
  }

  /** Passes over what is cut away and over what stands between messages. */
  #skip(bytes: Buffer, at: number): number {
    let position = at;
    if (this.#skipOctets > 0) {
      const skipped = Math.min(this.#skipOctets, bytes.length - position);
      this.#skipOctets -= skipped;
      position += skipped;
    }
    if (this.#skipLine) {
      const end = endOfLine(bytes, position, position);
      if (end < 0) return bytes.length;
      this.#skipLine = false;
      position = end + 1;
    }
    while (position < bytes.length && isBetween(bytes[position]!)) position++;
    return position;
  }

  /** Takes one message; gives the position behind it, or -1 where it is not complete. */
  #take(bytes: Buffer, at: number, frames: Frame[], isLast: boolean): number {
    const header = this.#scanned > 0 ? 0 : countHeaderLength(bytes, at);
    if (header < 0 && !isLast) return -1;
    return header > 0
      ? this.#takeCounted(bytes, at, header, frames, isLast)
      : this.#takeLine(bytes, at, frames, isLast);
  }

  #takeCounted(bytes: Buffer, at: number, header: number, frames: Frame[], isLast: boolean): number {
    const count = readCount(bytes, at, header - 1);
    const start = at + header;
    const taken = Math.min(count, this.#maxMessageBytes);
    const available = bytes.length - start;
    if (available < taken && !isLast) return -1;
    const end = start + Math.min(taken, available);
    frames.push({ bytes: bytes.subarray(start, end), cut: end - start < count });
    this.#skipOctets = count - taken;
    return end;
  }

  #takeLine(bytes: Buffer, at: number, frames: Frame[], isLast: boolean): number {
    const end = endOfLine(bytes, at, at + this.#scanned);
    const length = (end < 0 ? bytes.length : end) - at;
    if (end < 0 && length <= this.#maxMessageBytes && !isLast) {
      this.#scanned = length;
      return -1;
    }
    this.#scanned = 0;
    const cut = length > this.#maxMessageBytes;
    let last = at + Math.min(length, this.#maxMessageBytes);
    if (!cut && bytes[last - 1] === CR) last--;
    frames.push({ bytes: bytes.subarray(at, last), cut });
    if (end >= 0) return end + 1;
    this.#skipLine = true;
    return bytes.length;
  }
}

/** The length of `MSG-LEN SP`; 0 where the message is not counted, -1 where too little has come to tell. */
function countHeaderLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  if (first === ZERO || !isDigit(first)) return 0;
  for (let position = at + 1; position < at + longestCountHeader; position++) {
    if (position >= bytes.length) return -1;
    const byte = bytes[position]!;
    if (byte === SPACE) {
      if (position + 1 >= bytes.length) return -1;
      return bytes[position + 1] === LESS ? position + 1 - at : 0;
    }
    if (byte < ZERO || byte > NINE) return 0;
  }
  return 0;
}

function readCount(bytes: Buffer, at: number, digits: number): number {
  let count = 0;
  for (let position = at; position < at + digits; position++) count = count * 10 + bytes[position]! - ZERO;
  return count;
}

/** The position of the next LF or NUL from `from` on, or -1. */
function endOfLine(bytes: Buffer, at: number, from: number): number {
  const start = Math.max(at, from);
  const newline = bytes.indexOf(LF, start);
  const end = newline < 0 ? bytes.length : newline;
  const nul = bytes.subarray(start, end).indexOf(NUL);
  return nul < 0 ? newline : start + nul;
}

function isBetween(byte: number): boolean {
  return byte === LF || byte === CR || byte === NUL || byte === SPACE;
}
