import { CLOSE_BRACKET, EQUALS, OPEN_BRACKET, PERCENT, SPACE, findCode } from '../characters.ts';
import { fixed, hashOf, isText } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';

const maxPairs = 64;
const NODE_ID = fixed('Node ID');
const NODE_ID_TAIL = 'Node ID:';
const longestTail = 128;

/** Unified Communications Manager puts pairs into brackets, `%[ UserID =admin][ …][Node ID=cucm1]: text`, or ends with `Node ID:cucm1`. */
export function readCallManagerFields(message: ParsedMessage): void {
  const { bytes, textStart } = message;
  let position = bytes[textStart] === PERCENT ? textStart + 1 : message.end;
  for (let count = 0; bytes[position] === OPEN_BRACKET && count < maxPairs; count++) {
    position = readPair(message, position);
    if (position < 0) break;
  }
  readTail(message);
}

/** The position behind the closing bracket, or -1. */
function readPair(message: ParsedMessage, at: number): number {
  const { bytes } = message;
  const close = findCode(bytes, CLOSE_BRACKET, at, message.end);
  const end = close < 0 ? message.end : close;
  const equals = findCode(bytes, EQUALS, at, end);
  if (equals < 0) return -1;
  const [keyStart, keyEnd] = trimmed(bytes, at + 1, equals);
  if (!message.addPair(keyStart, keyEnd, equals + 1, end, hashOf(bytes, keyStart, keyEnd))) return -1;
  if (!message.hasHost && isText(bytes, keyStart, keyEnd, NODE_ID)) message.setHost(equals + 1, end);
  return close < 0 ? -1 : end + 1;
}

function readTail(message: ParsedMessage): void {
  if (message.hasHost) return;
  const from = Math.max(message.textStart, message.end - longestTail);
  const found = message.latin1(from, message.end).lastIndexOf(NODE_ID_TAIL);
  if (found < 0) return;
  const [start, end] = trimmed(message.bytes, from + found + NODE_ID_TAIL.length, message.end);
  message.setHost(start, end);
}

function trimmed(bytes: Buffer, start: number, end: number): [number, number] {
  let from = start;
  let to = end;
  while (from < to && bytes[from]! <= SPACE) from++;
  while (to > from && bytes[to - 1]! <= SPACE) to--;
  return [from, to];
}
