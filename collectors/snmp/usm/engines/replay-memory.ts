/**
 * Digests of messages that were taken, in two generations of `capacity` each: when the younger is full, the older one is
 * forgotten. A digest covers the whole message (engine, boots, time, msgID), so the same digest of the same user is the same
 * message; and only authentic messages are entered, so nobody else can push anything out.
 */
export class ReplayMemory {
  readonly #capacity: number;
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Whether this digest is new; from now on it is not. */
  enter(digest: Buffer): boolean {
    // Twelve bytes are what the shortest digests have (RFC 3414); more would take memory and tell nothing.
    const key = digest.toString('latin1', 0, 12);
    if (this.#young.has(key) || this.#old.has(key)) return false;
    if (this.#young.size >= this.#capacity) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(key);
    return true;
  }
}
