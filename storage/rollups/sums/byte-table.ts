import { finishHash, HASH_SEED } from './hash-seed.ts';

/** Byte strings, each once, by numbers from 1 in the order in which they came; 0 stands for NULL. Open addressing, no object each. */
export class ByteTable {
  #slots = new Int32Array(2048);
  #ends = new Uint32Array(1024);
  #pool = new Uint8Array(16_384);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Forgets all, and keeps the room for as much again. */
  clear(): void {
    this.#slots.fill(0);
    this.#size = 0;
  }

  /** @param length of the string at `offset` of `bytes` */
  idOf(bytes: Uint8Array, offset: number, length: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashBytes(bytes, offset, length) & mask;
    for (;;) {
      const id = this.#slots[slot] ?? 0;
      if (id === 0) break;
      if (this.#isSame(id, bytes, offset, length)) return id;
      slot = (slot + 1) & mask;
    }
    return this.#add(slot, bytes, offset, length);
  }

  /** The string of a number; valid until the next one is added. */
  bytesOf(id: number): Uint8Array {
    return this.#pool.subarray(this.#ends[id - 1], this.#ends[id]);
  }

  #isSame(id: number, bytes: Uint8Array, offset: number, length: number): boolean {
    const start = this.#ends[id - 1] ?? 0;
    if ((this.#ends[id] ?? 0) - start !== length) return false;
    // From the end: addresses differ there.
    for (let at = length - 1; at >= 0; at -= 1) if (this.#pool[start + at] !== bytes[offset + at]) return false;
    return true;
  }

  #add(slot: number, bytes: Uint8Array, offset: number, length: number): number {
    this.#size += 1;
    const id = this.#size;
    const start = this.#ends[id - 1] ?? 0;
    if (id + 1 >= this.#ends.length) this.#ends = grown(this.#ends, new Uint32Array(this.#ends.length * 2));
    while (start + length > this.#pool.length) this.#pool = grown(this.#pool, new Uint8Array(this.#pool.length * 2));
    for (let at = 0; at < length; at += 1) this.#pool[start + at] = bytes[offset + at] ?? 0;
    this.#ends[id] = start + length;
    this.#slots[slot] = id;
    if (this.#size * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let id = 1; id <= this.#size; id += 1) {
      const start = this.#ends[id - 1] ?? 0;
      let slot = hashBytes(this.#pool, start, (this.#ends[id] ?? 0) - start) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
  }
}

/** Four bytes at a time: keys of flows are a hundred bytes long. */
function hashBytes(bytes: Uint8Array, offset: number, length: number): number {
  let hash = HASH_SEED;
  const end = offset + length;
  let at = offset;
  for (; at + 4 <= end; at += 4) {
    const word =
      (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    hash = Math.imul(hash ^ word, 0x9e_37_79_b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01_00_01_93);
  return finishHash(hash);
}

function grown<Numbers extends Uint8Array | Uint32Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
