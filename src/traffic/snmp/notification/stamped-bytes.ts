/** Bytes in which some integers stand, each on octets of its own. */
export interface BuiltBytes {
  readonly bytes: Buffer;
  /** Where the content of each integer ends, counted from the end of `bytes`; fewer than the numbers where it has not all. */
  readonly fromEnd: readonly number[];
}

/**
 * Bytes that are sent again and again with other integers in them. As long as an integer is as wide as before it is written into
 * place; a wider or narrower one has the bytes built anew, since lengths around it change: a few times in a run.
 */
export class StampedBytes {
  readonly #build: (numbers: readonly number[]) => BuiltBytes;
  readonly #ends: number[] = [];
  readonly #widths: number[] = [];
  #bytes: Buffer = Buffer.alloc(0);

  constructor(build: (numbers: readonly number[]) => BuiltBytes) {
    this.#build = build;
  }

  /** The bytes with these integers, from 0 to 2^32-1; the same memory each time, unless they were built anew. */
  stamp(numbers: readonly number[]): Buffer {
    const count = this.#ends.length;
    if (count === 0) return this.#rebuild(numbers);
    for (let index = 0; index < count; index += 1) {
      if (this.#widths[index] !== octetsOf(numbers[index] ?? 0)) return this.#rebuild(numbers);
    }
    for (let index = 0; index < count; index += 1) this.#write(index, numbers[index] ?? 0);
    return this.#bytes;
  }

  #write(index: number, value: number): void {
    const bytes = this.#bytes;
    const end = this.#ends[index] ?? 0;
    let rest = value;
    // A fifth octet is the zero that keeps an unsigned integer from being negative.
    for (let at = end - 1; at >= end - Math.min(4, this.#widths[index] ?? 0); at -= 1) {
      bytes[at] = rest & 0xff;
      rest >>>= 8;
    }
  }

  #rebuild(numbers: readonly number[]): Buffer {
    const { bytes, fromEnd } = this.#build(numbers);
    this.#bytes = bytes;
    for (const [index, behind] of fromEnd.entries()) {
      this.#ends[index] = bytes.length - behind;
      this.#widths[index] = octetsOf(numbers[index] ?? 0);
    }
    return bytes;
  }
}

/** Octets that BER takes for an integer from 0 to 2^32-1. */
function octetsOf(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x80_00) return 2;
  if (value < 0x80_00_00) return 3;
  return value < 0x80_00_00_00 ? 4 : 5;
}
