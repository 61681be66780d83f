/** Names that are cut off. Who was cut off twice is so until both cuts have ended. */
export class Cuts {
  readonly #counts = new Map<string, number>();

  add(name: string): this {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    return this;
  }

  delete(name: string): void {
    this.#counts.set(name, Math.max(0, (this.#counts.get(name) ?? 0) - 1));
  }

  has(name: string): boolean {
    return (this.#counts.get(name) ?? 0) > 0;
  }

  clear(): void {
    this.#counts.clear();
  }
}
