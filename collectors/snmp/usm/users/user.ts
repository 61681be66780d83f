import type { SecurityLevel } from '../../security.ts';
import { localiseKey, privacyKey } from '../crypto/keys.ts';
import type { AuthAlgorithm, PrivacyAlgorithm } from '../crypto/protocols.ts';
import type { PasswordKeys } from './password-keys.ts';

/** A secret whose form has been checked. */
export type Secret =
  | { readonly form: 'password'; readonly password: string }
  /** Ku, or Kul of the user's own engine. */
  | { readonly form: 'key'; readonly key: Buffer }
  | { readonly form: 'localisedKey'; readonly key: Buffer };

/** Levels as numbers that compare: the bits auth and priv of msgFlags. */
export const LEVEL_BITS: Readonly<Record<SecurityLevel, number>> = { noAuthNoPriv: 0, authNoPriv: 1, authPriv: 3 };

/** One entry of the user table: who may speak, with which algorithms, and how keys come about. */
export interface UserEntry {
  readonly name: string;
  readonly engineId: Buffer | undefined;
  readonly auth: { readonly algorithm: AuthAlgorithm; readonly secret: Secret } | undefined;
  readonly privacy: { readonly algorithm: PrivacyAlgorithm; readonly secret: Secret } | undefined;
  readonly minimumLevel: SecurityLevel;
}

export class UsmUser {
  readonly name: string;
  readonly auth: UserEntry['auth'];
  readonly privacy: UserEntry['privacy'];
  readonly minimumBits: number;
  readonly #passwords: PasswordKeys;

  constructor(entry: UserEntry, passwords: PasswordKeys) {
    this.name = entry.name;
    this.auth = entry.auth;
    this.privacy = entry.privacy;
    this.minimumBits = LEVEL_BITS[entry.minimumLevel];
    this.#passwords = passwords;
  }

  /** Whether this entry has the keys for a level, given as the bits of msgFlags. */
  hasKeysFor(levelBits: number): boolean {
    return (
      levelBits <= (this.privacy ? LEVEL_BITS.authPriv : this.auth ? LEVEL_BITS.authNoPriv : LEVEL_BITS.noAuthNoPriv)
    );
  }

  /** The authentication key for an engine; one small hash. Undefined for a user without. */
  authKeyFor(engineId: Buffer): Buffer | undefined {
    return this.auth && this.#localised(this.auth.algorithm, this.auth.secret, engineId);
  }

  /** The privacy key for an engine, of the length that the cipher takes. Undefined for a user without. */
  privacyKeyFor(engineId: Buffer): Buffer | undefined {
    if (this.auth === undefined || this.privacy === undefined) return undefined;
    const { algorithm, secret } = this.privacy;
    // RFC 3414 section 2.6: the privacy key is made with the hash of the authentication protocol.
    const localised = this.#localised(this.auth.algorithm, secret, engineId);
    return privacyKey(this.auth.algorithm, algorithm, localised, engineId);
  }

  #localised(algorithm: AuthAlgorithm, secret: Secret, engineId: Buffer): Buffer {
    if (secret.form === 'localisedKey') return secret.key;
    const key = secret.form === 'key' ? secret.key : this.#passwords.keyOf(algorithm, secret.password);
    return localiseKey(algorithm, key, engineId);
  }
}
