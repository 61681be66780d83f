import { hkdfSync, randomBytes } from 'node:crypto';

import { DogwatchError } from '../../src/runtime/errors.ts';

/** What a secret must have at least: as much as the keys that are made of it. */
const MIN_SECRET_BYTES = 32;
const KEY_BYTES = 32;
const SESSION_BYTES = 16;
const IV_PREFIX_BYTES = 4;
const PAIR_ID_BYTES = 4;

/** Keys of one direction of a pair of challenges; the nonce of a datagram is `ivPrefix` and its counter (RFC 5116, 3.2). */
export interface DirectionKeys {
  readonly key: Buffer;
  readonly ivPrefix: Buffer;
  /** Sent in the clear, so that a datagram of any other pair is passed over unopened. */
  readonly pairId: number;
}

/**
 * The secret that both nodes share, from the text of its file.
 * @param text base64 of at least 32 random bytes; blanks and line ends do not count
 * @throws DogwatchError `SECRET_UNUSABLE`; the text itself is never part of the message
 */
export function parseSecret(text: string): Buffer {
  const packed = text.replaceAll(/\s/g, '');
  const remedy = 'make one with: openssl rand -base64 32 — and give both nodes the same file';
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(packed)) {
    throw new DogwatchError('SECRET_UNUSABLE', 'the secret of the pair is not base64', { remedy });
  }
  const secret = Buffer.from(packed, 'base64');
  if (secret.length < MIN_SECRET_BYTES) {
    const found = `the secret of the pair has ${secret.length} bytes, needed are ${MIN_SECRET_BYTES}`;
    throw new DogwatchError('SECRET_UNUSABLE', found, { remedy });
  }
  return secret;
}

/** Names a run of a node: 16 random bytes, in hexadecimal. */
export function newSession(): string {
  return randomBytes(SESSION_BYTES).toString('hex');
}

/** Seals hellos, whatever version of the link they tell of. */
export function helloKey(secret: Buffer): Buffer {
  return derive(secret, ['hello'], KEY_BYTES);
}

/** Seals beats that go from who made the challenge `from` to who made `to`; both are fresh, so the keys are too. */
export function directionKeys(secret: Buffer, from: Buffer, to: Buffer): DirectionKeys {
  const bytes = derive(secret, ['beats', from, to], KEY_BYTES + IV_PREFIX_BYTES + PAIR_ID_BYTES);
  return {
    key: bytes.subarray(0, KEY_BYTES),
    ivPrefix: bytes.subarray(KEY_BYTES, KEY_BYTES + IV_PREFIX_BYTES),
    pairId: bytes.readUInt32BE(KEY_BYTES + IV_PREFIX_BYTES),
  };
}

/** The pre-shared key of a stream that `dialer` opens to `acceptor`: one that is sent back to its own sender does not fit. */
export function streamKey(secret: Buffer, dialer: string, acceptor: string): Buffer {
  return derive(secret, ['stream', dialer, acceptor], KEY_BYTES);
}

/** HKDF (RFC 5869) with SHA-256; each part of the purpose is told by its length, so that no two purposes read the same. */
function derive(secret: Buffer, purpose: readonly (string | Buffer)[], length: number): Buffer {
  const parts = ['dogwatch pair', ...purpose].flatMap((part) => {
    const bytes = Buffer.from(part);
    return [Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes];
  });
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), Buffer.concat(parts), length));
}
