import { isUtf8 } from 'node:buffer';
import { CR, LF, NUL } from '../characters.ts';
import { Elements } from './elements.ts';
import { type FixedText, MESSAGE_START, PADDING, fixed, fixedBytes } from './fixed-text.ts';
import { Pairs } from './pairs.ts';

/** The form of the header, as the code of the column `format`. */
export const RFC5424 = 0x35;
export const RFC3164 = 0x33;
export const CISCO = 0x63;
export const RAW = 0x72;

const TOO_MANY_FIELDS = fixed('too many fields');
const INTERNAL_ERROR = fixed('internal error');
const WORKING_BYTES = 256 * 1024;
/** Values derived from a JSON text may outgrow it; more than this a message does not get. */
const MAX_DERIVED_BYTES = 4 << 20;

/**
 * One parsed message, in a memory that is used again for the next. Texts are positions in `bytes`: from a start up to an end,
 * and none where the end is not behind the start.
 *
 *     bytes:  fixed texts │ the message │ zeros │ derived values
 *                         start         end
 *
 * A message holds no zero, so that a zero is its end whoever reads on. Derived values are those that stand nowhere in the
 * message as they are: escapes undone, two words joined.
 */
export class ParsedMessage {
  bytes: Buffer;
  readonly start = MESSAGE_START;
  end = MESSAGE_START;
  /** The bytes are not those that were sent: these were not UTF-8, or held NUL. */
  lossy = false;

  /** 0–23, or -1. */
  facility = -1;
  /** 0–7, or -1. */
  severity = -1;
  format = RAW;
  /** VERSION of RFC 5424, or -1. */
  version = -1;
  /** Microseconds since the Unix epoch, or NaN. */
  timestampMicros = Number.NaN;
  yearGuessed = false;
  zoneGuessed = false;

  hostStart = 0;
  hostEnd = 0;
  appStart = 0;
  appEnd = 0;
  procStart = 0;
  procEnd = 0;
  msgIdStart = 0;
  msgIdEnd = 0;
  vendorStart = 0;
  vendorEnd = 0;
  mnemonicStart = 0;
  mnemonicEnd = 0;
  /** The message part ends with the message. */
  textStart = MESSAGE_START;
  dialect: FixedText | undefined = undefined;
  reason: FixedText | undefined = undefined;
  readonly fields = new Pairs();
  readonly elements = new Elements();

  /** The same memory, four bytes at a time. */
  #words: Int32Array;
  /** Where the next derived value goes. */
  #derivedEnd = 0;

  constructor() {
    this.bytes = Buffer.alloc(WORKING_BYTES);
    this.bytes.set(fixedBytes);
    this.#words = wordsOf(this.bytes);
  }

  get hasTime(): boolean {
    return !Number.isNaN(this.timestampMicros);
  }

  /** Bytes of the message and of what was derived from it. */
  get totalLength(): number {
    return this.#derivedEnd - MESSAGE_START;
  }

  get hasHost(): boolean {
    return this.hostEnd > this.hostStart;
  }

  get hasApp(): boolean {
    return this.appEnd > this.appStart;
  }

  /** Forgets the last message and takes in the bytes of the next. Trailing newlines and NULs are left out. */
  load(bytes: Buffer): void {
    this.#forget();
    let length = bytes.length;
    for (; length > 0; length--) {
      const last = bytes[length - 1];
      if (last !== LF && last !== CR && last !== NUL) break;
    }
    this.#makeRoom(length);
    this.bytes.set(length === bytes.length ? bytes : bytes.subarray(0, length), MESSAGE_START);
    this.#endAt(MESSAGE_START + length);
    if (!this.#isPlain(length) && (bytes.subarray(0, length).includes(NUL) || !isUtf8(bytes)))
      this.#loadLossy(bytes, length);
  }

  /** Takes in bytes that the parser could not cope with, as text. */
  makeRaw(bytes: Buffer): void {
    this.load(bytes);
    this.reason = INTERNAL_ERROR;
  }

  setHost(start: number, end: number): void {
    this.hostStart = start;
    this.hostEnd = end;
  }

  setApp(start: number, end: number): void {
    this.appStart = start;
    this.appEnd = end;
  }

  setProc(start: number, end: number): void {
    this.procStart = start;
    this.procEnd = end;
  }

  setMnemonic(start: number, end: number): void {
    this.mnemonicStart = start;
    this.mnemonicEnd = end;
  }

  setVendor(start: number, end: number): void {
    this.vendorStart = start;
    this.vendorEnd = end;
  }

  /** A dialect, and the maker that it alone belongs to. */
  recognise(dialect: FixedText, maker: FixedText): void {
    this.dialect = dialect;
    this.vendorStart = maker.start;
    this.vendorEnd = maker.end;
  }

  /** The host that a field names, unless the header named one. `index`: of a pair, or -1. */
  setHostOfField(index: number): void {
    if (!this.hasHost && index >= 0) this.setHost(this.fields.valueStart(index), this.fields.valueEnd(index));
  }

  setMnemonicOfField(index: number): void {
    if (index >= 0) this.setMnemonic(this.fields.valueStart(index), this.fields.valueEnd(index));
  }

  /** Adds a field under a key of ours. */
  addField(key: FixedText, start: number, end: number): void {
    this.addPair(key.start, key.end, start, end, key.hash);
  }

  /** Adds a field; false, and the reason set, where there are too many. `hash`: of the key. */
  addPair(keyStart: number, keyEnd: number, start: number, end: number, hash: number): boolean {
    if (this.fields.add(keyStart, keyEnd, start, end, hash)) return true;
    this.reason ??= TOO_MANY_FIELDS;
    return false;
  }

  /** Structured data that could not be read turned out to be a dialect of its own. */
  forgiveStructuredData(): void {
    if (this.reason === STRUCTURED_DATA) this.reason = undefined;
  }

  /**
   * Room for a derived value of up to `length` bytes, to be written to `bytes` (another buffer, perhaps) from the position
   * that is given back; -1 where the message has got too many.
   */
  derive(length: number): number {
    const start = this.#derivedEnd;
    const needed = start + length;
    if (needed > this.bytes.length) {
      if (needed - this.end > MAX_DERIVED_BYTES) {
        this.reason ??= TOO_MANY_FIELDS;
        return -1;
      }
      this.#grow(needed * 2);
    }
    return start;
  }

  /** Declares that the derived value ends here. */
  derived(end: number): void {
    this.#derivedEnd = end;
  }

  /** A derived value of these bytes, of our own making. */
  deriveText(text: string): { start: number; end: number } | undefined {
    const start = this.derive(text.length * 3);
    if (start < 0) return undefined;
    const end = start + this.bytes.write(text, start);
    this.derived(end);
    return { start, end };
  }

  /** One character a byte: only for what is looked at, never for what is given out. */
  latin1(start: number, end: number): string {
    return this.bytes.toString('latin1', start, end);
  }

  utf8(start: number, end: number): string {
    return this.bytes.toString('utf8', start, end);
  }

  #forget(): void {
    this.lossy = false;
    this.facility = -1;
    this.severity = -1;
    this.format = RAW;
    this.version = -1;
    this.timestampMicros = Number.NaN;
    this.yearGuessed = false;
    this.zoneGuessed = false;
    this.hostEnd = 0;
    this.appEnd = 0;
    this.procEnd = 0;
    this.msgIdEnd = 0;
    this.vendorEnd = 0;
    this.mnemonicEnd = 0;
    this.textStart = MESSAGE_START;
    this.dialect = undefined;
    this.reason = undefined;
    this.fields.clear();
    this.elements.clear();
  }

  /** What is not UTF-8, and NUL, which PostgreSQL's text cannot hold, becomes U+FFFD. */
  #loadLossy(bytes: Buffer, length: number): void {
    this.lossy = true;
    const text = bytes.toString('utf8', 0, length).replaceAll('\0', '\uFFFD');
    this.#makeRoom(length * 3);
    this.#endAt(MESSAGE_START + this.bytes.write(text, MESSAGE_START));
  }

  #endAt(end: number): void {
    this.end = end;
    // A loop over a few words, since `fill` is a call of the runtime.
    const words = this.#words;
    const firstWord = (end + 3) >> 2;
    for (let at = end; at < firstWord << 2; at++) this.bytes[at] = 0;
    for (let word = firstWord; word < firstWord + PADDING / 4; word++) words[word] = 0;
    this.#derivedEnd = (firstWord << 2) + PADDING;
  }

  /** Whether all of the message is ASCII without NUL, four bytes at a time; the zeros behind it may say no as well. */
  #isPlain(length: number): boolean {
    const words = this.#words;
    const end = (MESSAGE_START + length) >> 2;
    for (let index = MESSAGE_START >> 2; index < end; index++) {
      const word = words[index]!;
      // The highest bit of a byte is set by the subtraction where the byte is zero, and stands there where it is not ASCII.
      if (((word | (word - 0x01010101)) & 0x80808080) !== 0) return false;
    }
    for (let at = end << 2; at < this.end; at++) {
      const code = this.bytes[at]!;
      if (code === NUL || code >= 0x80) return false;
    }
    return true;
  }

  /** Escapes undone take less than what they were undone in, and twice the message is enough for all but JSON. */
  #makeRoom(length: number): void {
    const needed = MESSAGE_START + 3 * (length + 2 * PADDING);
    if (needed > this.bytes.length) this.#grow(needed);
  }

  #grow(size: number): void {
    const larger = Buffer.alloc(size);
    larger.set(this.bytes);
    this.bytes = larger;
    this.#words = wordsOf(larger);
  }
}

export const STRUCTURED_DATA = fixed('structured-data');

function wordsOf(bytes: Buffer): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
}
