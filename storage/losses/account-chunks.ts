import type { LeftAccount } from '../../collectors/accounts/logged-account.ts';

/*
 * The form of an account log: chunks back to back, one for each turn of the event loop, all of it numbers of 64 bits (IEEE 754, in
 * the byte order of the machine):
 *
 *   chunk:  MAGIC, n, n numbers of entries, -n
 *   entry:  account, state,        k, k numbers
 *           account, description,  bytes, text (UTF-8, filled up with zeros)
 *           account, note,         bytes, text
 *
 * A process that is killed in the middle of a write leaves a part of a chunk, without its end; from there on nothing is read.
 */
export const MAGIC = 0x4457_4c31;
export const STATE = 1;
export const DESCRIPTION = 2;
export const NOTE = 3;
/** Numbers before the entries of a chunk, and before the contents of an entry. */
export const CHUNK_HEAD = 2;
export const ENTRY_HEAD = 3;

/** Writes an entry with a text. @returns the position behind */
export function writeTextEntry(out: Float64Array, start: number, account: number, kind: number, text: string): number {
  const bytes = Buffer.from(text);
  out[start] = account;
  out[start + 1] = kind;
  out[start + 2] = bytes.length;
  const words = textWords(bytes.length);
  const at = start + ENTRY_HEAD;
  out.fill(0, at, at + words);
  new Uint8Array(out.buffer, out.byteOffset + at * 8, bytes.length).set(bytes);
  return at + words;
}

/** The latest of each account. Never throws. */
export function readAccounts(bytes: Buffer): LeftAccount[] {
  // A copy, so that the numbers stand where numbers may.
  const numbers = new Float64Array(new Uint8Array(bytes.subarray(0, bytes.length & ~7)).buffer);
  const accounts = new Map<number, { description: string; note: string; state: Float64Array }>();
  for (let at = 0; at + CHUNK_HEAD < numbers.length;) {
    const size = numbers[at + 1] ?? 0;
    const start = at + CHUNK_HEAD;
    const isWhole = numbers[at] === MAGIC && Number.isSafeInteger(size) && size > 0 && numbers[start + size] === -size;
    if (!isWhole) break;
    readEntries(numbers.subarray(start, start + size), accounts);
    at = start + size + 1;
  }
  return [...accounts.values()].filter(({ description, state }) => description !== '' && state.length > 0);
}

function readEntries(
  entries: Float64Array,
  accounts: Map<number, { description: string; note: string; state: Float64Array }>,
): void {
  for (let at = 0; at + ENTRY_HEAD <= entries.length;) {
    const [number = 0, kind = 0, size = 0] = entries.subarray(at, at + ENTRY_HEAD);
    const start = at + ENTRY_HEAD;
    const words = kind === STATE ? size : textWords(size);
    if (!Number.isSafeInteger(words) || words < 0 || start + words > entries.length) return;
    const account = accounts.get(number) ?? { description: '', note: '', state: new Float64Array() };
    accounts.set(number, account);
    const contents = entries.subarray(start, start + words);
    if (kind === STATE) account.state = contents;
    else if (kind === DESCRIPTION) account.description = textOf(contents, size);
    else if (kind === NOTE) account.note = textOf(contents, size);
    at = start + words;
  }
}

function textWords(bytes: number): number {
  return Math.ceil(bytes / 8);
}

function textOf(words: Float64Array, bytes: number): string {
  return Buffer.from(words.buffer, words.byteOffset, bytes).toString('utf8');
}
