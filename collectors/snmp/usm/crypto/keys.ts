import { hash } from 'node:crypto';
import type { AuthAlgorithm, PrivacyAlgorithm } from './protocols.ts';

/** RFC 3414 appendix A.2: the pass phrase, repeated to this length, is what is hashed. */
const PASSWORD_STREAM_BYTES = 1_048_576;

/**
 * A pass phrase made into a user's key Ku (RFC 3414 appendix A.2). Hashes a mebibyte, which takes milliseconds: once a user,
 * never once a datagram.
 * @param password at least one byte
 */
export function keyOfPassword(algorithm: AuthAlgorithm, password: Buffer): Buffer {
  return hash(algorithm.hash, Buffer.alloc(PASSWORD_STREAM_BYTES, password), 'buffer');
}

/** Ku made into the key Kul of one engine: one hash of two keys and the engine id (RFC 3414 section 2.6). */
export function localiseKey(algorithm: AuthAlgorithm, key: Buffer, engineId: Buffer): Buffer {
  return hash(algorithm.hash, Buffer.concat([key, engineId, key]), 'buffer');
}

/**
 * A localised key of the length that the cipher takes: cut, or lengthened as its draft says. Reeder's extension treats the
 * key as a pass phrase, so it costs a mebibyte of hashing for each engine.
 */
export function privacyKey(
  auth: AuthAlgorithm,
  privacy: PrivacyAlgorithm,
  localised: Buffer,
  engineId: Buffer,
): Buffer {
  let key = localised;
  let last = localised;
  while (key.length < privacy.keyBytes) {
    last =
      privacy.extension === 'reeder'
        ? localiseKey(auth, keyOfPassword(auth, last), engineId)
        : hash(auth.hash, key, 'buffer');
    key = Buffer.concat([key, last]);
  }
  return key.subarray(0, privacy.keyBytes);
}
