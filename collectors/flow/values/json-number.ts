/** Decimal digits of integers as they stand on the wire, written as ASCII. Nothing here allocates, `writeWide` excepted. */

const ZERO = 48;
const MINUS = 45;
const TWO_POW_32 = 4_294_967_296;
const MILLION = 1_000_000;
const BILLION = 1_000_000_000;

/** `length`: 1 to 8 bytes, big-endian. At most 20 bytes of text. */
export function writeUnsigned(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  if (length <= 6) return writeInteger(readSmall(source, offset, length), out, at);
  return writeHighLow(readSmall(source, offset, length - 4), source.readUInt32BE(offset + length - 4), out, at);
}

/** `length`: 1 to 8 bytes, big-endian two's complement. At most 20 bytes of text. */
export function writeSigned(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  const negative = (source[offset] ?? 0) >= 0x80;
  if (!negative) return writeUnsigned(source, offset, length, out, at);
  out[at] = MINUS;
  if (length <= 6) return writeInteger(-source.readIntBE(offset, length), out, at + 1);
  const low = -source.readUInt32BE(offset + length - 4) >>> 0;
  // Negation is complement plus one; the one reaches the high half only when the low half is zero.
  const high = (~source.readIntBE(offset, length - 4) + (low === 0 ? 1 : 0)) >>> 0;
  return writeHighLow(high, low, out, at + 1);
}

/** An integer of any length as a decimal number: 2.41 digits a byte. */
export function writeWide(source: Buffer, offset: number, length: number, out: Buffer, at: number): number {
  return at + out.write(BigInt(`0x${source.toString('hex', offset, offset + length)}`).toString(), at, 'latin1');
}

/** `value`: an integer from 0 to 2^53 - 1. */
export function writeInteger(value: number, out: Buffer, at: number): number {
  if (value < 10) {
    out[at] = ZERO + value;
    return at + 1;
  }
  if (value < BILLION) return writeDigits(value, digitsOf(value), out, at);
  const high = Math.floor(value / BILLION);
  return writeDigits(value - high * BILLION, 9, out, writeInteger(high, out, at));
}

/** `value` (below 2^31) in exactly `count` digits, with leading zeros. */
export function writeDigits(value: number, count: number, out: Buffer, at: number): number {
  let rest = value | 0;
  for (let digit = at + count - 1; digit >= at; digit -= 1) {
    const tenth = (rest / 10) | 0;
    out[digit] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + count;
}

/** `length`: 1 to 6 bytes. */
export function readSmall(source: Buffer, offset: number, length: number): number {
  switch (length) {
    case 1:
      return source.readUInt8(offset);
    case 2:
      return source.readUInt16BE(offset);
    case 4:
      return source.readUInt32BE(offset);
    default:
      return source.readUIntBE(offset, length);
  }
}

/** high * 2^32 + low, exactly: its millions fit a double, and so does what each step of the division leaves. */
function writeHighLow(high: number, low: number, out: Buffer, at: number): number {
  if (high < 0x20_00_00) return writeInteger(high * TWO_POW_32 + low, out, at);
  const highMillions = Math.floor(high / MILLION);
  const remainder = (high - highMillions * MILLION) * TWO_POW_32 + low;
  const lowMillions = Math.floor(remainder / MILLION);
  const next = writeInteger(highMillions * TWO_POW_32 + lowMillions, out, at);
  return writeDigits(remainder - lowMillions * MILLION, 6, out, next);
}

/** `value`: 10 to 10^9 - 1. */
function digitsOf(value: number): number {
  if (value < 100_000) return value < 1000 ? (value < 100 ? 2 : 3) : value < 10_000 ? 4 : 5;
  return value < 10_000_000 ? (value < 1_000_000 ? 6 : 7) : value < 100_000_000 ? 8 : 9;
}
