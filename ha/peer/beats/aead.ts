import { createCipheriv, createDecipheriv } from 'node:crypto';

/** Bytes of an AES-GCM tag; no shorter one is taken. */
export const TAG_BYTES = 16;
/** Bytes of an AES-GCM nonce. */
export const NONCE_BYTES = 12;

/** AES-256-GCM: what `plain` becomes, its tag last. `clear` is sent as it is, and sealed too. */
export function seal(key: Buffer, nonce: Buffer, clear: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(clear);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** The contrary of `seal`; undefined where any bit is not what was sealed. `sealed` has at least `TAG_BYTES`. */
export function open(key: Buffer, nonce: Buffer, clear: Buffer, sealed: Buffer): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(clear);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}
