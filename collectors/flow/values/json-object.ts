import type { ElementType } from '../elements/element-type.ts';
import { writeInteger } from './json-number.ts';
import { maxJsonBytes, writeJsonValue } from './json-value.ts';

/** The most bytes of one object. More would be an attack: nothing that a device says of a packet is so long. */
const MAX_JSON_OBJECT_BYTES = 65_536;

// What closing every open brace and bracket may need.
const CLOSING_BYTES = 64;
const LIMIT = MAX_JSON_OBJECT_BYTES - CLOSING_BYTES;

const COMMA = 44;
const QUOTE = 34;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;

/**
 * Builds one JSON object as bytes, in memory of its own that is used over and over. Bounded: what does not fit is not
 * written and sets `full`; take a `mark` before each group of members and `rollback` to it when `full` was set, and the
 * text stays whole.
 */
export class JsonObjectWriter {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(MAX_JSON_OBJECT_BYTES);
  /** Something did not fit since the last mark. */
  full = false;
  #at = 0;

  /** Forgets the object before. */
  begin(): void {
    this.bytes[0] = OPEN_BRACE;
    this.#at = 1;
    this.full = false;
  }

  get isEmpty(): boolean {
    return this.#at <= 1;
  }

  /** Closes the object and says how many of `bytes` it takes. */
  end(): number {
    this.bytes[this.#at] = CLOSE_BRACE;
    return this.#at + 1;
  }

  mark(): number {
    this.full = false;
    return this.#at;
  }

  rollback(mark: number): void {
    this.#at = mark;
    this.full = false;
  }

  /** `key`: from `writeJsonKey`. What is written next is its value. */
  key(key: Buffer): void {
    if (!this.#fits(key.length + 1)) return;
    this.#separate();
    // most keys are shorter than what a native copy costs to start
    for (let index = 0; index < key.length; index += 1) this.bytes[this.#at + index] = key[index] ?? 0;
    this.#at += key.length;
  }

  /** Before each value of an array. */
  item(): void {
    if (this.#fits(1)) this.#separate();
  }

  /** `value`: an integer from 0 to 2^53 - 1. */
  integer(value: number): void {
    if (this.#fits(16)) this.#at = writeInteger(value, this.bytes, this.#at);
  }

  /** A value straight from foreign bytes; the caller has checked that they are there. */
  value(type: ElementType, source: Buffer, offset: number, length: number): void {
    if (this.#fits(maxJsonBytes(type, length))) {
      this.#at = writeJsonValue(type, source, offset, length, this.bytes, this.#at);
    }
  }

  /** `text`: of our own, ASCII, with nothing to escape. */
  text(text: string): void {
    if (!this.#fits(text.length + 2)) return;
    this.bytes[this.#at] = QUOTE;
    this.#at += 1 + this.bytes.write(text, this.#at + 1, 'latin1');
    this.bytes[this.#at++] = QUOTE;
  }

  openObject(): void {
    this.#put(OPEN_BRACE);
  }

  closeObject(): void {
    this.#put(CLOSE_BRACE);
  }

  openArray(): void {
    this.#put(OPEN_BRACKET);
  }

  closeArray(): void {
    this.#put(CLOSE_BRACKET);
  }

  #put(byte: number): void {
    if (this.#fits(1)) this.bytes[this.#at++] = byte;
  }

  #separate(): void {
    const last = this.bytes[this.#at - 1];
    if (last !== OPEN_BRACE && last !== OPEN_BRACKET) this.bytes[this.#at++] = COMMA;
  }

  #fits(size: number): boolean {
    if (this.full || this.#at + size > LIMIT) this.full = true;
    return !this.full;
  }
}
