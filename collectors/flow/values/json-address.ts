import { writeInteger } from './json-number.ts';

/** Addresses as ASCII text, without quotes and without allocation. */

const DOT = 46;
const COLON = 58;
const HEX = Buffer.from('0123456789abcdef', 'latin1');

/** 4 bytes at `offset`; at most 15 bytes of text. */
export function writeIpv4(source: Buffer, offset: number, out: Buffer, at: number): number {
  let next = at;
  for (let index = 0; index < 4; index += 1) {
    if (index > 0) out[next++] = DOT;
    next = writeInteger(source.readUInt8(offset + index), out, next);
  }
  return next;
}

/** 6 bytes at `offset`; 17 bytes of text. */
export function writeMac(source: Buffer, offset: number, out: Buffer, at: number): number {
  let next = at;
  for (let index = 0; index < 6; index += 1) {
    if (index > 0) out[next++] = COLON;
    next = writeHexByte(source.readUInt8(offset + index), out, next);
  }
  return next;
}

/**
 * 16 bytes at `offset`; at most 39 bytes of text, in the canonical form of RFC 5952: lower case, no leading zeros, the
 * longest run of at least two zero groups (the first of equals) as "::"; IPv4-mapped addresses end in dotted decimals.
 */
export function writeIpv6(source: Buffer, offset: number, out: Buffer, at: number): number {
  const run = longestZeroRun(source, offset);
  const runStart = run >> 4;
  const runEnd = runStart + (run & 15);
  // ::ffff:0:0/96 (RFC 5952 section 5): five zero groups, then ffff. A sixth zero group would have made the run longer.
  const mapped = runStart === 0 && runEnd === 5 && source.readUInt16BE(offset + 10) === 0xffff;
  const groups = mapped ? 6 : 8;
  let next = at;
  for (let group = 0; group < groups; group += 1) {
    if (group === runStart && runEnd > runStart) {
      out[next++] = COLON;
      if (runEnd === groups) out[next++] = COLON;
      group = runEnd - 1;
      continue;
    }
    if (group > 0) out[next++] = COLON;
    next = writeHexGroup(source.readUInt16BE(offset + group * 2), out, next);
  }
  if (!mapped) return next;
  out[next++] = COLON;
  return writeIpv4(source, offset + 12, out, next);
}

/** Lower-case hexadecimal, two bytes of text a byte. */
export function writeHex(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  let next = at;
  for (let index = offset; index < offset + length; index += 1) next = writeHexByte(source.readUInt8(index), out, next);
  return next;
}

function writeHexByte(byte: number, out: Buffer, at: number): number {
  out[at] = HEX[byte >> 4] ?? 0;
  out[at + 1] = HEX[byte & 15] ?? 0;
  return at + 2;
}

function writeHexGroup(group: number, out: Buffer, at: number): number {
  let next = at;
  if (group >= 0x1000) out[next++] = HEX[group >> 12] ?? 0;
  if (group >= 0x100) out[next++] = HEX[(group >> 8) & 15] ?? 0;
  if (group >= 0x10) out[next++] = HEX[(group >> 4) & 15] ?? 0;
  out[next++] = HEX[group & 15] ?? 0;
  return next;
}

/** start * 16 + length of the first longest run of zero groups; length 0 where none has two. */
function longestZeroRun(source: Buffer, offset: number): number {
  let best = 0;
  let bestLength = 1;
  let length = 0;
  for (let group = 0; group < 8; group += 1) {
    length = source.readUInt16BE(offset + group * 2) === 0 ? length + 1 : 0;
    if (length > bestLength) {
      bestLength = length;
      best = (group - length + 1) * 16 + length;
    }
  }
  return best;
}
