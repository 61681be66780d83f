/** Tuples of PostgreSQL's binary COPY format, one after the other (manual, COPY, "Binary Format"). */
export class TupleWriter {
  #bytes = Buffer.allocUnsafe(1 << 20);
  #at = 0;

  get written(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  start(columns: number): void {
    this.#room(2);
    this.#at = this.#bytes.writeInt16BE(columns, this.#at);
  }

  null(): void {
    this.#room(4);
    this.#at = this.#bytes.writeInt32BE(-1, this.#at);
  }

  int2(value: number): void {
    this.#field(2);
    this.#at = this.#bytes.writeInt16BE(value, this.#at);
  }

  int4(value: number): void {
    this.#field(4);
    this.#at = this.#bytes.writeInt32BE(value, this.#at);
  }

  int8(value: bigint): void {
    this.#field(8);
    this.#at = this.#bytes.writeBigInt64BE(value, this.#at);
  }

  /** @param high and `low`: the halves of an int8 */
  int8Halves(high: number, low: number): void {
    this.#field(8);
    this.#at = this.#bytes.writeInt32BE(high, this.#at);
    this.#at = this.#bytes.writeInt32BE(low, this.#at);
  }

  bool(value: boolean): void {
    this.#field(1);
    this.#at = this.#bytes.writeUInt8(value ? 1 : 0, this.#at);
  }

  bytes(value: Uint8Array): void {
    this.#field(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** Digits to the base of 10,000, with their number, weight, sign and scale in front (numeric_send). */
  numeric(value: number | bigint): void {
    if (typeof value === 'bigint' || value > Number.MAX_SAFE_INTEGER) return this.#digits(largeDigits(BigInt(value)));
    const digits: number[] = [];
    for (let rest = value; rest > 0; rest = Math.floor(rest / 10_000)) digits.push(rest % 10_000);
    this.#digits({ digits: digits.toReversed(), isNegative: false });
  }

  #digits({ digits, isNegative }: { readonly digits: readonly number[]; readonly isNegative: boolean }): void {
    this.#field(8 + digits.length * 2);
    const words = [digits.length, digits.length - 1, isNegative ? 0x4000 : 0, 0, ...digits];
    for (const word of words) this.#at = this.#bytes.writeInt16BE(word, this.#at);
  }

  #field(length: number): void {
    this.#room(4 + length);
    this.#at = this.#bytes.writeInt32BE(length, this.#at);
  }

  #room(length: number): void {
    if (this.#at + length <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + length));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

function largeDigits(value: bigint): { digits: number[]; isNegative: boolean } {
  const digits: number[] = [];
  for (let rest = value < 0n ? -value : value; rest > 0n; rest /= 10_000n) digits.push(Number(rest % 10_000n));
  return { digits: digits.toReversed(), isNegative: value < 0n };
}
