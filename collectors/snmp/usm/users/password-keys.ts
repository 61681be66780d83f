import { keyOfPassword } from '../crypto/keys.ts';
import type { AuthAlgorithm } from '../crypto/protocols.ts';

const MAX_KEYS = 20_000;

/**
 * The keys Ku of pass phrases, each made once, when it is first needed: it depends on nothing but the pass phrase and the hash, and
 * users often share one. Bounded; the oldest goes first.
 */
export class PasswordKeys {
  readonly #keys = new Map<string, Buffer>();

  keyOf(algorithm: AuthAlgorithm, password: string): Buffer {
    const name = `${algorithm.hash}:${password}`;
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const key = keyOfPassword(algorithm, Buffer.from(password, 'utf8'));
    if (this.#keys.size >= MAX_KEYS) this.#keys.delete(this.#keys.keys().next().value ?? '');
    this.#keys.set(name, key);
    return key;
  }
}
