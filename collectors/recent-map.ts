/**
 * A map of at most `limit` entries that forgets what was not used for longest, roughly, and costs one look-up a use: no
 * entry moves while it is young.
 *
 *   set ─▶ young ──half the limit are young──▶ old ──again──▶ forgotten
 *            ▲                                  │
 *            └────────────── used ──────────────┘
 */
export class RecentMap<K, V> {
  readonly #half: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  /** `limit`: 2 or more. */
  constructor(limit: number) {
    this.#half = Math.max(1, Math.floor(limit / 2));
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined || this.#old.size === 0) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.set(key, old);
    return old;
  }

  /** All entries; their use is not noted. */
  *[Symbol.iterator](): Iterator<[K, V]> {
    yield* this.#old;
    yield* this.#young;
  }

  /** For a key that `get` did not find, or just found. */
  set(key: K, value: V): void {
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
