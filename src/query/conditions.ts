/**
 * The WHERE clause of a question. What people write never becomes SQL: it is bound as a parameter, and `bind` gives the
 * place holder to write instead.
 */
export class Conditions {
  readonly values: unknown[] = [];
  readonly #clauses: string[] = [];

  /** @returns `$1`, `$2`, … */
  bind(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  /** All clauses must hold. */
  require(clause: string): void {
    this.#clauses.push(`(${clause})`);
  }

  get sql(): string {
    return this.#clauses.length === 0 ? 'true' : this.#clauses.join(' AND ');
  }
}
