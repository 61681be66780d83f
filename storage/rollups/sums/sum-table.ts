import { finishHash, HASH_SEED } from './hash-seed.ts';

/** Places of sums in an entry: eight, one line of the processor's cache. */
export const BYTES = 0;
export const PACKETS = 1;
export const SCALED_BYTES = 2;
export const SCALED_PACKETS = 3;
export const FLOWS = 4;
export const COUNTED = 5;
export const UNKNOWN = 6;
/** Bits: some row had bytes, some had packets. */
const SEEN = 7;
export const SEEN_BYTES = 1;
export const SEEN_PACKETS = 2;
const STRIDE = 8;

/**
 * The first part of a key is the number of the exporter, and of conversations and hosts says how the addresses are to be read: those of
 * IPv4 stand in the key itself, all others by their number.
 */
export const EXPORTER = (1 << 29) - 1;
export const SHORT_FIRST = 1 << 29;
export const SHORT_SECOND = 1 << 30;

/** What one row adds, by the places above. */
export type RowSums = Float64Array;

/**
 * Exact sums by keys of three 32-bit integers. They are kept as Float64 while those hold them exactly (up to 2^53), and what is more
 * as BigInt beside them. Open addressing over typed arrays, no object for each key.
 */
export class SumTable {
  #slots: Int32Array;
  #keys: Int32Array;
  #sums: Float64Array;
  readonly #large = new Map<number, bigint>();
  #size = 0;

  constructor(capacity = 1024) {
    this.#slots = new Int32Array(capacity * 2);
    this.#keys = new Int32Array(capacity * 3);
    this.#sums = new Float64Array(capacity * STRIDE);
  }

  /** Entries are 0 to size - 1. */
  get size(): number {
    return this.#size;
  }

  /** Forgets all, and keeps the room for as much again. */
  clear(): void {
    this.#slots.fill(0);
    this.#sums.fill(0, 0, this.#size * STRIDE);
    this.#large.clear();
    this.#size = 0;
  }

  /** The entry of a key, made where it is missing. */
  entryOf(a: number, b: number, c: number): number {
    const slots = this.#slots;
    const keys = this.#keys;
    const mask = slots.length - 1;
    let slot = hashKey(a, b, c) & mask;
    for (;;) {
      const entry = (slots[slot] ?? 0) - 1;
      if (entry < 0) break;
      const at = entry * 3;
      if (keys[at + 2] === c && keys[at + 1] === b && keys[at] === a) return entry;
      slot = (slot + 1) & mask;
    }
    return this.#make(slot, a, b, c);
  }

  /** Adds what a row has; each of its numbers is an integer up to 2^53. */
  add(entry: number, row: RowSums): void {
    const sums = this.#sums;
    const at = entry * STRIDE;
    for (let place = 0; place < SCALED_PACKETS + 1; place += 1) {
      const value = row[place] ?? 0;
      const sum = (sums[at + place] ?? 0) + value;
      if (sum <= Number.MAX_SAFE_INTEGER) sums[at + place] = sum;
      else this.addLarge(entry, place, BigInt(value));
    }
    sums[at + FLOWS] = (sums[at + FLOWS] ?? 0) + 1;
    sums[at + COUNTED] = (sums[at + COUNTED] ?? 0) + (row[COUNTED] ?? 0);
    sums[at + UNKNOWN] = (sums[at + UNKNOWN] ?? 0) + (row[UNKNOWN] ?? 0);
    sums[at + SEEN] = (sums[at + SEEN] ?? 0) | (row[SEEN] ?? 0);
  }

  addLarge(entry: number, place: number, value: bigint): void {
    const at = entry * STRIDE + place;
    this.#large.set(at, (this.#large.get(at) ?? 0n) + value);
  }

  /** Adds all sums of an entry of another table. */
  addEntry(entry: number, other: SumTable, from: number): void {
    const sums = this.#sums;
    const more = other.#sums;
    const to = entry * STRIDE;
    const source = from * STRIDE;
    for (let place = 0; place < SEEN; place += 1) {
      const value = more[source + place] ?? 0;
      const sum = (sums[to + place] ?? 0) + value;
      if (sum <= Number.MAX_SAFE_INTEGER) sums[to + place] = sum;
      else this.addLarge(entry, place, BigInt(value));
    }
    sums[to + SEEN] = (sums[to + SEEN] ?? 0) | (more[source + SEEN] ?? 0);
    if (other.#large.size === 0) return;
    for (let place = 0; place < SEEN; place += 1) {
      const large = other.#large.get(source + place);
      if (large !== undefined) this.addLarge(entry, place, large);
    }
  }

  key(entry: number, part: 0 | 1 | 2): number {
    return this.#keys[entry * 3 + part] ?? 0;
  }

  /** The exact sum. */
  sum(entry: number, place: number): number | bigint {
    const at = entry * STRIDE + place;
    const small = this.#sums[at] ?? 0;
    const large = this.#large.size === 0 ? undefined : this.#large.get(at);
    return large === undefined ? small : large + BigInt(small);
  }

  /** The sum as near as a number comes. */
  weight(entry: number, place: number): number {
    return Number(this.sum(entry, place));
  }

  hasSeen(entry: number, bit: number): boolean {
    return ((this.#sums[entry * STRIDE + SEEN] ?? 0) & bit) !== 0;
  }

  #make(slot: number, a: number, b: number, c: number): number {
    const entry = this.#size;
    this.#size += 1;
    this.#slots[slot] = entry + 1;
    this.#keys[entry * 3] = a;
    this.#keys[entry * 3 + 1] = b;
    this.#keys[entry * 3 + 2] = c;
    if (this.#size * 3 >= this.#keys.length) this.#grow();
    return entry;
  }

  #grow(): void {
    const keys = new Int32Array(this.#keys.length * 2);
    keys.set(this.#keys);
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let entry = 0; entry < this.#size; entry += 1) {
      const at = entry * 3;
      let slot = hashKey(keys[at] ?? 0, keys[at + 1] ?? 0, keys[at + 2] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    this.#keys = keys;
    this.#sums = twice(this.#sums);
    this.#slots = slots;
  }
}

function twice(numbers: Float64Array): Float64Array {
  const more = new Float64Array(numbers.length * 2);
  more.set(numbers);
  return more;
}

function hashKey(a: number, b: number, c: number): number {
  return finishHash(
    HASH_SEED ^ Math.imul(a, 0x9e_37_79_b1) ^ Math.imul(b, 0x85_eb_ca_77) ^ Math.imul(c, 0xc2_b2_ae_3d),
  );
}
