import { isUtf8 } from 'node:buffer';

const DELETE = 0x7f;

/** A byte of an ASCII text that JSON takes as it stands. */
function isPlain(byte: number): boolean {
  return byte >= 0x20 && byte < DELETE && byte !== 0x22 && byte !== 0x5c;
}

/** Text that needs no escape in JSON. */
export function isPlainAscii(bytes: Buffer, start: number, stop: number): boolean {
  for (let at = start; at < stop; at += 1) if (!isPlain(bytes[at] ?? 0)) return false;
  return true;
}

/**
 * The text of an OCTET STRING that somebody meant as one: UTF-8 without control characters, tabulator and line ends
 * excepted. undefined for anything else, which is to be shown as hexadecimal numbers.
 */
export function printableText(bytes: Buffer, start: number, stop: number): string | undefined {
  let ascii = true;
  for (let at = start; at < stop; at += 1) {
    const byte = bytes[at] ?? 0;
    const control = byte < 0x20 ? byte !== 0x09 && byte !== 0x0a && byte !== 0x0d : byte === DELETE;
    if (control) return undefined;
    if (byte >= 0x80) ascii = false;
  }
  if (ascii) return bytes.toString('latin1', start, stop);
  if (!isUtf8(bytes.subarray(start, stop))) return undefined;
  const text = bytes.toString('utf8', start, stop);
  return /[\u0080-\u009f]/.test(text) ? undefined : text;
}

/** What stands before the zeros at the end: many agents send their C strings with one, or with the whole array. */
export function withoutTrailingZeros(bytes: Buffer, start: number, stop: number): number {
  let end = stop;
  while (end > start && bytes[end - 1] === 0) end -= 1;
  return end;
}
