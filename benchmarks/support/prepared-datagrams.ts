const CHUNK_BYTES = 16 << 20;

/** Datagrams made beforehand, so that making them takes nothing from whoever receives on the same machine. */
export class PreparedDatagrams {
  readonly #chunks: Buffer[] = [];
  /** Of each datagram: chunk, start, length. */
  readonly #places: Uint32Array;
  #count = 0;
  #used = CHUNK_BYTES;

  constructor(capacity: number) {
    this.#places = new Uint32Array(capacity * 3);
  }

  get count(): number {
    return this.#count;
  }

  /** Keeps a copy. */
  add(bytes: Buffer): void {
    if (this.#used + bytes.length > CHUNK_BYTES) {
      this.#chunks.push(Buffer.allocUnsafe(CHUNK_BYTES));
      this.#used = 0;
    }
    this.#chunks.at(-1)?.set(bytes, this.#used);
    this.#places.set([this.#chunks.length - 1, this.#used, bytes.length], this.#count * 3);
    this.#used += bytes.length;
    this.#count += 1;
  }

  at(index: number): Buffer {
    const [chunk = 0, start = 0, length = 0] = this.#places.subarray(index * 3, index * 3 + 3);
    const bytes = this.#chunks[chunk];
    if (bytes === undefined) throw new RangeError(`no datagram ${index}`);
    return bytes.subarray(start, start + length);
  }
}
