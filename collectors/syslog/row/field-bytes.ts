/** Writers of PostgreSQL's binary COPY fields that are short enough for a message a microsecond: each gives the position behind. */

/** Below this a loop is faster than a call of the runtime. */
const SHORT_BYTES = 48;
const TWO_POW_32 = 4_294_967_296;

export function putInt32(out: Buffer, at: number, value: number): number {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
  return at + 4;
}

export function putNull(out: Buffer, at: number): number {
  out[at] = 0xff;
  out[at + 1] = 0xff;
  out[at + 2] = 0xff;
  out[at + 3] = 0xff;
  return at + 4;
}

/** A field of eight bytes. `value`: an integer within ±(2^53 - 1). */
export function putInt64(out: Buffer, at: number, value: number): number {
  const low = value >>> 0; // modulo 2^32, also for negative values
  return putInt32(out, putInt32(out, putInt32(out, at, 8), (value - low) / TWO_POW_32), low);
}

/** A field of two bytes, NULL for a negative value. */
export function putInt16OrNull(out: Buffer, at: number, value: number): number {
  if (value < 0) return putNull(out, at);
  putInt32(out, at, 2);
  out[at + 4] = value >>> 8;
  out[at + 5] = value;
  return at + 6;
}

/** A field of one byte. */
export function putInt8(out: Buffer, at: number, value: number): number {
  putInt32(out, at, 1);
  out[at + 4] = value;
  return at + 5;
}

/** A field of these bytes. */
export function putBytes(out: Buffer, at: number, bytes: Buffer, start: number, end: number): number {
  return copyBytes(out, putInt32(out, at, end - start), bytes, start, end);
}

/** A field of these bytes, NULL where there are none. */
export function putTextOrNull(out: Buffer, at: number, bytes: Buffer, start: number, end: number): number {
  return end > start ? putBytes(out, at, bytes, start, end) : putNull(out, at);
}

/** Bytes without a length before them. */
export function copyBytes(out: Buffer, at: number, bytes: Buffer, start: number, end: number): number {
  if (end - start > SHORT_BYTES) bytes.copy(out, at, start, end);
  else for (let from = start, to = at; from < end; from++, to++) out[to] = bytes[from]!;
  return at + end - start;
}
