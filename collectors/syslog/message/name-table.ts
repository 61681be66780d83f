import { type FixedText, fixed, hashOf, isText } from './fixed-text.ts';

/** What belongs to a name, looked up by the bytes of the name, without making a string of them. */
export class NameTable<T> {
  readonly #names: (FixedText | undefined)[];
  readonly #values: (T | undefined)[];
  readonly #mask: number;
  #longest = 0;

  constructor(entries: Iterable<readonly [string, T]>) {
    const all = [...new Map(entries)];
    // At most half full, so that a name that is not there is found missing soon.
    const size = 2 ** Math.ceil(Math.log2(all.length * 2 + 2));
    this.#mask = size - 1;
    this.#names = Array.from({ length: size });
    this.#values = Array.from({ length: size });
    for (const [text, value] of all) this.#add(fixed(text), value);
  }

  find(bytes: Buffer, start: number, end: number): T | undefined {
    if (end - start > this.#longest) return undefined;
    const hash = hashOf(bytes, start, end);
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const name = this.#names[slot];
      if (name === undefined) return undefined;
      if (name.hash === hash && isText(bytes, start, end, name)) return this.#values[slot];
    }
  }

  #add(name: FixedText, value: T): void {
    let slot = name.hash & this.#mask;
    while (this.#names[slot] !== undefined) slot = (slot + 1) & this.#mask;
    this.#names[slot] = name;
    this.#values[slot] = value;
    this.#longest = Math.max(this.#longest, name.end - name.start);
  }
}

/** A table that only says whether a name is in it. */
export function nameSet(names: Iterable<string>): NameTable<true> {
  return new NameTable([...names].map((name) => [name, true] as const));
}
