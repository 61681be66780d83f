import type { FixedText } from './fixed-text.ts';
import { isText } from './fixed-text.ts';

/** More fields than this one message does not get. */
const MAX_PAIRS = 512;
const WIDTH = 5;
const INDEX_BITS = 10;
const INDEX_MASK = 2 ** INDEX_BITS - 1;
/** Twice as many slots as pairs, so that a free one is near. */
const SLOT_MASK = 2 * MAX_PAIRS - 1;
const FEW = 8;
const MAX_ROUNDS = 2 ** (31 - INDEX_BITS);

/** Keys and values as positions; keys may come twice. */
export class Pairs {
  count = 0;
  /** For each pair: start and end of the key, start and end of the value, hash of the key. */
  readonly #positions = new Int32Array(MAX_PAIRS * WIDTH);

  /** Pairs by the hash of their key: the round that put it there, and the index of the pair. Old rounds count as empty. */
  readonly #slots = new Int32Array(2 * MAX_PAIRS);
  readonly #next = new Int16Array(MAX_PAIRS);
  readonly #repeated = new Uint8Array(MAX_PAIRS);
  #round = 0;

  clear(): void {
    this.count = 0;
  }

  /** False where there are too many. */
  add(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number, hash: number): boolean {
    if (this.count === MAX_PAIRS) return false;
    const at = this.count * WIDTH;
    const positions = this.#positions;
    positions[at] = keyStart;
    positions[at + 1] = keyEnd;
    positions[at + 2] = valueStart;
    positions[at + 3] = valueEnd;
    positions[at + 4] = hash;
    this.count++;
    return true;
  }

  /** Adds a pair of another list. */
  addOf(other: Pairs, index: number): boolean {
    return this.add(
      other.keyStart(index),
      other.keyEnd(index),
      other.valueStart(index),
      other.valueEnd(index),
      other.hash(index),
    );
  }

  keyStart(index: number): number {
    return this.#positions[index * WIDTH]!;
  }

  keyEnd(index: number): number {
    return this.#positions[index * WIDTH + 1]!;
  }

  valueStart(index: number): number {
    return this.#positions[index * WIDTH + 2]!;
  }

  valueEnd(index: number): number {
    return this.#positions[index * WIDTH + 3]!;
  }

  hash(index: number): number {
    return this.#positions[index * WIDTH + 4]!;
  }

  isKey(bytes: Buffer, index: number, key: FixedText): boolean {
    return this.hash(index) === key.hash && isText(bytes, this.keyStart(index), this.keyEnd(index), key);
  }

  /** The first pair with a key, from a pair on; -1 where there is none. */
  find(bytes: Buffer, key: FixedText, from = 0): number {
    const hash = key.hash;
    for (let index = from; index < this.count; index++) {
      if (this.#positions[index * WIDTH + 4] === hash && this.isKey(bytes, index, key)) return index;
    }
    return -1;
  }

  /**
   * Finds which of the pairs from one on up to another have a key that came before; whether there are any. The next two
   * methods tell of these pairs until the next call.
   */
  linkRepeated(bytes: Buffer, from: number, to: number): boolean {
    if (to - from <= FEW && this.#hashesDiffer(from, to)) return false;
    if (++this.#round === MAX_ROUNDS) {
      this.#round = 1;
      this.#slots.fill(0);
    }
    let hasRepeated = false;
    for (let index = from; index < to; index++) {
      this.#next[index] = -1;
      this.#repeated[index] = 0;
      if (this.#link(bytes, index)) hasRepeated = true;
    }
    return hasRepeated;
  }

  /** Of a few pairs all with all are compared in less time than it takes to put them into slots. */
  #hashesDiffer(from: number, to: number): boolean {
    for (let index = from + 1; index < to; index++) {
      const hash = this.hash(index);
      for (let earlier = from; earlier < index; earlier++) if (this.hash(earlier) === hash) return false;
    }
    return true;
  }

  /** Whether its key came before. */
  isRepeated(index: number): boolean {
    return this.#repeated[index] === 1;
  }

  /** The next pair with the same key, or -1. */
  nextOfKey(index: number): number {
    return this.#next[index]!;
  }

  /** Puts a pair into its slot, behind the last one with its key; whether there was one. */
  #link(bytes: Buffer, index: number): boolean {
    const hash = this.hash(index);
    for (let slot = (hash ^ (hash >>> 10)) & SLOT_MASK; ; slot = (slot + 1) & SLOT_MASK) {
      const entry = this.#slots[slot]!;
      if (entry >>> INDEX_BITS !== this.#round) {
        this.#slots[slot] = (this.#round << INDEX_BITS) | index;
        return false;
      }
      const last = entry & INDEX_MASK;
      if (!this.#hasSameKey(bytes, last, index)) continue;
      this.#next[last] = index;
      this.#slots[slot] = (this.#round << INDEX_BITS) | index;
      this.#repeated[index] = 1;
      return true;
    }
  }

  #hasSameKey(bytes: Buffer, one: number, other: number): boolean {
    if (this.hash(one) !== this.hash(other)) return false;
    const start = this.keyStart(one);
    const length = this.keyEnd(one) - start;
    const otherStart = this.keyStart(other);
    if (length !== this.keyEnd(other) - otherStart) return false;
    for (let index = 0; index < length; index++) {
      if (bytes[start + index] !== bytes[otherStart + index]) return false;
    }
    return true;
  }
}
