import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { concatCrc32 } from '../../../storage/batch/crc32-concat.ts';

test('the CRC of two pieces together is that of the whole, wherever it is cut', () => {
  // The check value of CRC-32/ISO-HDLC.
  const whole = Buffer.from('123456789');
  for (let cut = 0; cut <= whole.length; cut += 1) {
    const second = whole.subarray(cut);
    assert.equal(concatCrc32(crc32(whole.subarray(0, cut)), crc32(second), second.length), 0xcb_f4_39_26, `cut ${cut}`);
  }
});

test('also of pieces of megabytes', () => {
  const first = randomBytes(200);
  for (const length of [65_535, 65_536, 1 << 20, (1 << 22) + 12_345]) {
    const second = randomBytes(length);
    assert.equal(concatCrc32(crc32(first), crc32(second), length), crc32(Buffer.concat([first, second])));
  }
});
