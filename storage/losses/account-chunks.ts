import type { LeftAccount } from '../../collectors/accounts/logged-account.ts';

/*
 * The form of an account log: chunks back to back, at most one for each turn of the event loop, all of it numbers of 64 bits (IEEE 754,
 * in the byte order of the machine):
 *
 *   chunk:  MAGIC, n, n numbers of entries, -n
 *   entry:  log, turn,             1, number of the turn; comes first in a chunk
 *           account, state,        k, k numbers
 *           account, description,  bytes, text (UTF-8, filled up with zeros)
 *           account, note,         bytes, text
 *
 * A process that is killed in the middle of a write leaves a part of a chunk, without its end; from there on nothing is read. Chunks that
 * were noted with rows come behind those of later turns: of each account the latest turn counts. Those of another log mean other accounts,
 * and are passed over.
 */
export const MAGIC = 0x4457_4c31;
export const STATE = 1;
export const DESCRIPTION = 2;
export const NOTE = 3;
const TURN = 4;
/** Of a journal's folder. */
export const ACCOUNTS_FILE = 'accounts';
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

/** Writes the entry that says when; `log` is at random. @returns the position behind */
export function writeTurnEntry(out: Float64Array, start: number, log: number, turn: number): number {
  out[start] = log;
  out[start + 1] = TURN;
  out[start + 2] = 1;
  out[start + ENTRY_HEAD] = turn;
  return start + ENTRY_HEAD + 1;
}

interface Found {
  description: string;
  note: string;
  state: Float64Array;
  /** When note and state were written. */
  noteTurn: number;
  stateTurn: number;
}

/** The latest of each account. Never throws. */
export function readAccounts(bytes: Buffer): LeftAccount[] {
  const accounts = new Map<number, Found>();
  let log: number | undefined;
  for (const entries of wholeChunks(bytes)) {
    const { log: itsLog, turn, start } = turnOf(entries);
    log ??= itsLog;
    if (itsLog === log) readEntries(entries.subarray(start), turn, accounts);
  }
  return [...accounts.values()].filter(({ description, state }) => description !== '' && state.length > 0);
}

/** How many bytes are whole chunks. */
export function wholeBytes(bytes: Buffer): number {
  let numbers = 0;
  for (const entries of wholeChunks(bytes)) numbers += CHUNK_HEAD + entries.length + 1;
  return numbers * 8;
}

/** The entries of each chunk. */
function* wholeChunks(bytes: Buffer): Iterable<Float64Array> {
  // A copy, so that the numbers stand where numbers may.
  const numbers = new Float64Array(new Uint8Array(bytes.subarray(0, bytes.length & ~7)).buffer);
  for (let at = 0; at + CHUNK_HEAD < numbers.length;) {
    const size = numbers[at + 1] ?? 0;
    const start = at + CHUNK_HEAD;
    const isWhole = numbers[at] === MAGIC && Number.isSafeInteger(size) && size > 0 && numbers[start + size] === -size;
    if (!isWhole) return;
    yield numbers.subarray(start, start + size);
    at = start + size + 1;
  }
}

/** Zeros where it does not say: earlier versions did not. */
function turnOf(entries: Float64Array): { log: number; turn: number; start: number } {
  const [log = 0, kind, , turn = 0] = entries;
  return kind === TURN ? { log, turn, start: ENTRY_HEAD + 1 } : { log: 0, turn: 0, start: 0 };
}

function readEntries(entries: Float64Array, turn: number, accounts: Map<number, Found>): void {
  for (let at = 0; at + ENTRY_HEAD <= entries.length;) {
    const [number = 0, kind = 0, size = 0] = entries.subarray(at, at + ENTRY_HEAD);
    const start = at + ENTRY_HEAD;
    const words = kind === STATE ? size : textWords(size);
    if (!Number.isSafeInteger(words) || words < 0 || start + words > entries.length) return;
    const account = accounts.get(number) ?? newlyFound();
    accounts.set(number, account);
    const contents = entries.subarray(start, start + words);
    if (kind === STATE && turn >= account.stateTurn) [account.state, account.stateTurn] = [contents, turn];
    else if (kind === DESCRIPTION) account.description = textOf(contents, size);
    else if (kind === NOTE && turn >= account.noteTurn)
      [account.note, account.noteTurn] = [textOf(contents, size), turn];
    at = start + words;
  }
}

function newlyFound(): Found {
  return { description: '', note: '', state: new Float64Array(), noteTurn: 0, stateTurn: 0 };
}

function textWords(bytes: number): number {
  return Math.ceil(bytes / 8);
}

function textOf(words: Float64Array, bytes: number): string {
  return Buffer.from(words.buffer, words.byteOffset, bytes).toString('utf8');
}
