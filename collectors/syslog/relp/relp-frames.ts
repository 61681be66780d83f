import { isDigit, isLetter, LF, SPACE, ZERO } from '../characters.ts';

/** One RELP frame: `TXNR SP COMMAND SP DATALEN [SP DATA] LF`. */
export interface RelpFrame {
  /** 0 for a hint, which is not answered. */
  readonly txnr: number;
  readonly command: string;
  /** At most the bound of the reader; not written to again. */
  readonly data: Buffer;
  /** The frame had more data than the bound. */
  readonly cut: boolean;
}

/** `NUMBER = 1*9DIGIT`, `COMMAND = 1*32ALPHA` of the specification. */
const MAX_DIGITS = 9;
const MAX_COMMAND = 32;
const NOTHING = Buffer.alloc(0);

type State = 'txnr' | 'command' | 'length' | 'data' | 'trailer';

/**
 * Splits the bytes of a RELP connection into frames.
 *
 *     txnr ─SP▶ command ─SP▶ length ─SP▶ data ──all there──▶ trailer ─LF▶ txnr
 *                               └────── LF, where the length is 0 ─────────▲
 *     anything else: malformed, and nothing is read any more (the specification asks to close the connection)
 *
 * Data beyond `maxDataBytes` is passed over. Holds no more than has come of one frame's data, and `maxDataBytes` at most,
 * whatever length was announced.
 */
export class RelpFrames {
  /** What was wrong with the stream, once something was. */
  malformed: string | undefined;
  readonly #maxDataBytes: number;
  #state: State = 'txnr';
  #digits = 0;
  #txnr = 0;
  #command = '';
  #length = 0;
  /** Octets of data that have come, those passed over included. */
  #arrived = 0;
  #data: Buffer = NOTHING;
  #dataLength = 0;

  constructor(maxDataBytes: number) {
    this.#maxDataBytes = maxDataBytes;
  }

  /** Whether a frame has begun that is not complete. */
  get holdsPart(): boolean {
    return this.#state !== 'txnr' || this.#digits > 0;
  }

  /** Gives out the frames that are complete with this chunk, until one is malformed. */
  push(chunk: Buffer, take: (frame: RelpFrame) => void): void {
    let at = 0;
    while (at < chunk.length && this.malformed === undefined) {
      if (this.#state === 'data') {
        at = this.#takeData(chunk, at);
        continue;
      }
      const byte = chunk[at]!;
      at++;
      if (this.#state === 'trailer') this.#takeTrailer(byte, take);
      else this.#takeHeader(byte, take);
    }
    // The chunk is the caller's: a view of it must not outlive this call.
    if (this.#dataLength > 0 && this.#data.buffer === chunk.buffer) {
      this.#data = Buffer.from(this.#data.subarray(0, this.#dataLength));
    }
  }

  #takeHeader(byte: number, take: (frame: RelpFrame) => void): void {
    if (this.#state === 'command') this.#takeCommand(byte);
    else if (isDigit(byte)) this.#takeDigit(byte);
    else if (this.#digits === 0) this.#fail('a number was expected');
    else if (this.#state === 'txnr') this.#next(byte, 'command');
    else if (this.#length === 0) this.#takeTrailer(byte, take);
    else this.#next(byte, 'data');
  }

  #takeDigit(byte: number): void {
    this.#digits++;
    if (this.#digits > MAX_DIGITS) return this.#fail('a number has more than nine digits');
    if (this.#state === 'txnr') this.#txnr = this.#txnr * 10 + byte - ZERO;
    else this.#length = this.#length * 10 + byte - ZERO;
  }

  #takeCommand(byte: number): void {
    if (!isLetter(byte)) {
      if (this.#command === '') this.#fail('a command was expected');
      else this.#next(byte, 'length');
    } else if (this.#command.length === MAX_COMMAND) this.#fail('a command has more than 32 letters');
    else this.#command += String.fromCharCode(byte);
  }

  #next(byte: number, state: State): void {
    if (byte !== SPACE) return this.#fail('a space was expected');
    this.#state = state;
    this.#digits = 0;
  }

  /** @returns the position behind what it took */
  #takeData(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#length - this.#arrived);
    const kept = Math.min(end, at + Math.max(0, this.#maxDataBytes - this.#arrived));
    if (kept > at) this.#keep(chunk, at, kept);
    this.#arrived += end - at;
    if (this.#arrived === this.#length) this.#state = 'trailer';
    return end;
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    if (this.#dataLength === 0) {
      // Most frames lie whole in a chunk and need no copy.
      this.#data = chunk.subarray(from, to);
      this.#dataLength = to - from;
      return;
    }
    const needed = this.#dataLength + to - from;
    if (needed > this.#data.length) {
      const wanted = Math.min(this.#length, this.#maxDataBytes);
      const larger = Buffer.allocUnsafeSlow(Math.min(wanted, Math.max(needed, this.#data.length * 2)));
      this.#data.copy(larger, 0, 0, this.#dataLength);
      this.#data = larger;
    }
    chunk.copy(this.#data, this.#dataLength, from, to);
    this.#dataLength = needed;
  }

  #takeTrailer(byte: number, take: (frame: RelpFrame) => void): void {
    if (byte !== LF) return this.#fail('a frame does not end where its length says');
    const frame: RelpFrame = {
      txnr: this.#txnr,
      command: this.#command,
      data: this.#data.subarray(0, this.#dataLength),
      cut: this.#length > this.#maxDataBytes,
    };
    this.#state = 'txnr';
    this.#digits = this.#txnr = this.#length = this.#arrived = this.#dataLength = 0;
    this.#command = '';
    this.#data = NOTHING;
    take(frame);
  }

  #fail(what: string): void {
    this.malformed = what;
    this.#data = NOTHING;
    this.#dataLength = 0;
  }
}
