import { randomInt } from 'node:crypto';

/** Another one in each process: nobody outside can choose keys that collide. */
export const HASH_SEED = randomInt(2 ** 32) | 0;

/** Spreads the bits of a hash, so that its lower ones can be taken. */
export function finishHash(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85_eb_ca_6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2_b2_ae_35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
