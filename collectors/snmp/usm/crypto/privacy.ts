import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { DES_BLOCK_BYTES, desCbc } from './des-cbc.ts';
import type { PrivacyAlgorithm } from './protocols.ts';

/** msgPrivacyParameters of every cipher: eight bytes. */
const SALT_BYTES = 8;

/** A localised privacy key. */
export type PrivacyKey =
  | { readonly cipher: 'des-cbc'; readonly key: Buffer; readonly preIv: Buffer }
  | { readonly cipher: Exclude<PrivacyAlgorithm['cipher'], 'des-cbc'>; readonly key: KeyObject };

/** @param localised of `algorithm.keyBytes` */
export function privacyKeyObject(algorithm: PrivacyAlgorithm, localised: Buffer): PrivacyKey {
  // RFC 3414 section 8.1.1.1: the first half is the key, the second is mixed with the salt.
  if (algorithm.cipher === 'des-cbc') {
    return { cipher: algorithm.cipher, key: localised.subarray(0, 8), preIv: localised.subarray(8, 16) };
  }
  return { cipher: algorithm.cipher, key: createSecretKey(localised) };
}

/**
 * The ScopedPDU in clear text (with padding, if the cipher needs one), or undefined where no such text can exist.
 * @param salt msgPrivacyParameters
 */
export function decrypt(
  key: PrivacyKey,
  encrypted: Buffer,
  boots: number,
  time: number,
  salt: Buffer,
): Buffer | undefined {
  if (salt.length !== SALT_BYTES || encrypted.length === 0) return undefined;
  if (key.cipher !== 'des-cbc') {
    return createDecipheriv(key.cipher, key.key, aesIv(boots, time, salt)).update(encrypted);
  }
  if (encrypted.length % DES_BLOCK_BYTES !== 0) return undefined;
  return desCbc('decrypt', encrypted, key.key, exclusiveOr(key.preIv, salt));
}

export function encrypt(key: PrivacyKey, clear: Buffer, boots: number, time: number, salt: Buffer): Buffer {
  if (key.cipher !== 'des-cbc') {
    return createCipheriv(key.cipher, key.key, aesIv(boots, time, salt)).update(clear);
  }
  const padded = Buffer.alloc(Math.ceil(clear.length / DES_BLOCK_BYTES) * DES_BLOCK_BYTES);
  clear.copy(padded);
  return desCbc('encrypt', padded, key.key, exclusiveOr(key.preIv, salt));
}

/**
 * Salts that never come twice for the same key: engine boots, so that a restart cannot repeat them, and a counter from a
 * random start (RFC 3414 section 8.1.1.1). AES would take any eight bytes that differ (RFC 3826 section 3.1.2.1).
 */
export class Salts {
  #counter = randomBytes(4).readUInt32BE();

  next(boots: number): Buffer {
    const salt = Buffer.alloc(SALT_BYTES);
    salt.writeUInt32BE(boots >>> 0, 0);
    salt.writeUInt32BE(this.#counter, 4);
    this.#counter = (this.#counter + 1) >>> 0;
    return salt;
  }
}

/** RFC 3826 section 3.1.2.1: boots, time, salt. */
function aesIv(boots: number, time: number, salt: Buffer): Buffer {
  const iv = Buffer.allocUnsafe(16);
  iv.writeUInt32BE(boots >>> 0, 0);
  iv.writeUInt32BE(time >>> 0, 4);
  salt.copy(iv, 8);
  return iv;
}

function exclusiveOr(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, at) => byte ^ (right[at] ?? 0)));
}
