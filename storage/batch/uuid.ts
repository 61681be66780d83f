import { randomFillSync } from 'node:crypto';

const random = Buffer.alloc(16 * 256);
let used = random.length;

/** A UUID of version 7 (RFC 9562 section 5.7): in the order of time, so that an index on it grows at its end. */
export function uuidV7(nowMicros: number): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const bytes = random.subarray(used, used + 16);
  used += 16;
  const ms = Math.floor(nowMicros / 1000);
  bytes.writeUIntBE(ms, 0, 6);
  // rand_a carries the fraction of the millisecond (RFC 9562 section 6.2, method 3).
  const fraction = Math.floor(((nowMicros - ms * 1000) * 4096) / 1000);
  bytes.writeUInt16BE(0x70_00 | fraction, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
