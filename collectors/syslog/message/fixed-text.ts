import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';

/**
 * Where a message starts in the working memory of the parser. Before it lie the fixed texts and a little room in which times are
 * put together, so that keys and names that we give ourselves are positions like those of what was sent.
 */
export const MESSAGE_START = 16_384;
/** Zeros behind a message: a look ahead needs no question whether the message goes on. */
export const PADDING = 64;
/** Where times are put together, in front of the message: room for one, and for zeros behind it. */
export const TIME_START = MESSAGE_START - 2 * PADDING;
const FIXED_LIMIT = TIME_START - PADDING;

/** The fixed texts, back to back; copied to the front of each parser's memory. */
export const fixedBytes = Buffer.alloc(MESSAGE_START);

/** A text of ours that stands in front of every message: a key, the name of a maker, a reason. */
export interface FixedText {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** As `hashOf` gives it. */
  readonly hash: number;
}

/** Odd, and another one in each process: a sender cannot choose keys that collide. */
const MULTIPLIER = randomInt(2 ** 20, 2 ** 31) | 1;

const known = new Map<string, FixedText>();
// Not 0: no position of a text is 0, and no text stands before it.
let used = PADDING;

/** The fixed text of this content, made once while the program is loaded. ASCII. */
export function fixed(text: string): FixedText {
  const found = known.get(text);
  if (found !== undefined) return found;
  const start = used;
  const end = start + fixedBytes.write(text, start, 'latin1');
  assert(end < FIXED_LIMIT, 'room for fixed texts');
  used = end;
  const made = { text, start, end, hash: hashOf(fixedBytes, start, end) };
  known.set(text, made);
  return made;
}

/** The same for the same bytes, as long as the process lives; 32 bits. */
export function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0;
  for (let index = start; index < end; index++) hash = nextHash(hash, bytes[index]!);
  return hash;
}

/** The hash of one byte more. */
export function nextHash(hash: number, code: number): number {
  return (Math.imul(hash, MULTIPLIER) + code) | 0;
}

/** Whether `text` stands at `at`. `bytes`: of a parser, so that they hold the fixed text as well. */
export function startsWith(bytes: Buffer, at: number, text: FixedText): boolean {
  const length = text.end - text.start;
  for (let index = 0; index < length; index++) {
    if (bytes[at + index] !== bytes[text.start + index]) return false;
  }
  return true;
}

/** Whether `text` is what stands from `start` to `end`. */
export function isText(bytes: Buffer, start: number, end: number, text: FixedText): boolean {
  return end - start === text.end - text.start && startsWith(bytes, start, text);
}
