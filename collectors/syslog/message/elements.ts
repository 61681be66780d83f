import { type FixedText, hashOf, isText } from './fixed-text.ts';
import { Pairs } from './pairs.ts';

/** More elements than this are not read; 64 KiB could otherwise hold ten thousand. */
export const MAX_ELEMENTS = 64;
const WIDTH = 4;

/** The elements of structured data (RFC 5424, 6.3) as positions. An SD-ID that comes twice is there twice. */
export class Elements {
  count = 0;
  /** The parameters of all elements, values unescaped. */
  readonly parameters = new Pairs();
  /** For each element: start and end of the SD-ID, the first of its parameters, hash of the SD-ID. */
  readonly #positions = new Int32Array(MAX_ELEMENTS * WIDTH);

  clear(): void {
    this.count = 0;
    this.parameters.clear();
  }

  /** Parameters from `firstParameter` on are its own. The caller has counted. */
  add(bytes: Buffer, idStart: number, idEnd: number, firstParameter: number): void {
    const at = this.count * WIDTH;
    this.#positions[at] = idStart;
    this.#positions[at + 1] = idEnd;
    this.#positions[at + 2] = firstParameter;
    this.#positions[at + 3] = hashOf(bytes, idStart, idEnd);
    this.count++;
  }

  idStart(index: number): number {
    return this.#positions[index * WIDTH]!;
  }

  idEnd(index: number): number {
    return this.#positions[index * WIDTH + 1]!;
  }

  firstParameter(index: number): number {
    return this.#positions[index * WIDTH + 2]!;
  }

  endOfParameters(index: number): number {
    return index + 1 < this.count ? this.#positions[(index + 1) * WIDTH + 2]! : this.parameters.count;
  }

  /** Whether an earlier element has the same SD-ID. */
  isRepeated(bytes: Buffer, index: number): boolean {
    for (let earlier = 0; earlier < index; earlier++) if (this.isSame(bytes, earlier, index)) return true;
    return false;
  }

  /** Whether a later element has the same SD-ID. */
  comesAgain(bytes: Buffer, index: number): boolean {
    for (let later = index + 1; later < this.count; later++) if (this.isSame(bytes, later, index)) return true;
    return false;
  }

  isSame(bytes: Buffer, one: number, other: number): boolean {
    if (this.#positions[one * WIDTH + 3] !== this.#positions[other * WIDTH + 3]) return false;
    const length = this.idEnd(one) - this.idStart(one);
    if (length !== this.idEnd(other) - this.idStart(other)) return false;
    const start = this.idStart(one);
    const otherStart = this.idStart(other);
    for (let at = 0; at < length; at++) if (bytes[start + at] !== bytes[otherStart + at]) return false;
    return true;
  }

  /** The parameter of an element, last of that name, or -1. */
  find(bytes: Buffer, index: number, name: FixedText): number {
    for (let at = this.endOfParameters(index) - 1; at >= this.firstParameter(index); at--) {
      if (this.parameters.isKey(bytes, at, name)) return at;
    }
    return -1;
  }

  /** The first element with an SD-ID, or -1. */
  indexOf(bytes: Buffer, id: FixedText): number {
    for (let index = 0; index < this.count; index++) {
      if (isText(bytes, this.idStart(index), this.idEnd(index), id)) return index;
    }
    return -1;
  }
}
