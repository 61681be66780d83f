import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { DogwatchError, messageOf } from '../runtime/errors.ts';

const SECRET_BYTES = 32;
const OTHERS_MAY_READ = 0o044;

/** A new secret, as it stands in the file. */
export function newPairSecret(): string {
  return `${randomBytes(SECRET_BYTES).toString('base64')}\n`;
}

/**
 * The secret that the nodes of a pair share.
 * @throws DogwatchError `PAIR_SECRET_UNREADABLE`, `PAIR_SECRET_WEAK`
 */
export function readPairSecret(file: string): Buffer {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new DogwatchError('PAIR_SECRET_UNREADABLE', `ha.secretFile: ${messageOf(error)}`, {
      remedy: 'copy the file of the other node there, readable for the account that starts dogwatch alone',
    });
  }
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(text);
  const secret = Buffer.from(text, 'base64');
  if (isBase64 && secret.length >= SECRET_BYTES) return secret;
  throw new DogwatchError(
    'PAIR_SECRET_WEAK',
    `ha.secretFile: expected ${SECRET_BYTES} random bytes or more in base64, found ${isBase64 ? `${secret.length} bytes` : 'something else'} in ${file}`,
    { remedy: `make one with: head -c ${SECRET_BYTES} /dev/urandom | base64 > ${file}; and copy it to the other node` },
  );
}

/** Whether others than its owner may read it. */
export function isOpenToOthers(file: string): boolean {
  return (statSync(file).mode & OTHERS_MAY_READ) !== 0;
}
