import { BACKSLASH, CLOSE_BRACKET, EQUALS, NUL, OPEN_BRACKET, QUOTE, SPACE } from '../characters.ts';
import { MAX_ELEMENTS } from '../message/elements.ts';
import { nextHash } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';

/** The hash of the name that `endOfName` went over last. */
let nameHash = 0;

/**
 * Reads STRUCTURED-DATA of RFC 5424, 6.3, that starts at `at` with `[`, into the message's elements. Lenient about the
 * length of names, as devices are. Gives the position behind the last element that is well formed, or -1 where the first
 * one is not.
 */
export function readStructuredData(message: ParsedMessage, at: number): number {
  const { bytes, elements } = message;
  let end = at;
  while (bytes[end] === OPEN_BRACKET && elements.count < MAX_ELEMENTS) {
    const before = elements.parameters.count;
    const next = readElement(message, end);
    if (next < 0) {
      elements.parameters.count = before;
      break;
    }
    end = next;
  }
  return elements.count === 0 ? -1 : end;
}

/** The position behind the closing bracket, or -1. */
function readElement(message: ParsedMessage, at: number): number {
  const { bytes, elements } = message;
  const idStart = at + 1;
  const idEnd = endOfName(bytes, idStart);
  if (idEnd === idStart) return -1;
  const firstParameter = elements.parameters.count;
  let position = idEnd;
  while (bytes[position] === SPACE) {
    while (bytes[position] === SPACE) position++;
    if (bytes[position] === CLOSE_BRACKET) break;
    position = readParameter(message, position);
    if (position < 0) return -1;
  }
  if (bytes[position] !== CLOSE_BRACKET) return -1;
  elements.add(bytes, idStart, idEnd, firstParameter);
  return position + 1;
}

/** The position behind the closing quote, or -1. */
function readParameter(message: ParsedMessage, at: number): number {
  const { bytes } = message;
  const nameEnd = endOfName(bytes, at);
  if (nameEnd === at || bytes[nameEnd] !== EQUALS || bytes[nameEnd + 1] !== QUOTE) return -1;
  const hash = nameHash;
  const start = nameEnd + 2;
  let isEscaped = false;
  let position = start;
  for (; ; position++) {
    const code = bytes[position];
    if (code === QUOTE) break;
    if (code === NUL) return -1;
    if (code === BACKSLASH) {
      isEscaped = true;
      position++;
      if (bytes[position] === NUL) return -1;
    }
  }
  const isAdded = isEscaped
    ? addUnescaped(message, at, nameEnd, start, position, hash)
    : message.elements.parameters.add(at, nameEnd, start, position, hash);
  return isAdded ? position + 1 : -1;
}

/** Only `\"`, `\\` and `\]` are escapes; before anything else the backslash stands for itself (6.3.3). */
function addUnescaped(
  message: ParsedMessage,
  nameStart: number,
  nameEnd: number,
  start: number,
  end: number,
  hash: number,
): boolean {
  const valueStart = message.derive(end - start);
  if (valueStart < 0) return false;
  const { bytes } = message;
  let to = valueStart;
  for (let from = start; from < end; from++) {
    const next = bytes[from + 1];
    if (bytes[from] === BACKSLASH && (next === QUOTE || next === BACKSLASH || next === CLOSE_BRACKET)) from++;
    bytes[to++] = bytes[from]!;
  }
  message.derived(to);
  return message.elements.parameters.add(nameStart, nameEnd, valueStart, to, hash);
}

/** SD-NAME (6.3.2) ends at a space, `=`, `]` or `"`. */
function endOfName(bytes: Buffer, at: number): number {
  let hash = 0;
  let position = at;
  for (; ; position++) {
    const code = bytes[position]!;
    if (code <= SPACE || code === EQUALS || code === CLOSE_BRACKET || code === QUOTE) break;
    hash = nextHash(hash, code);
  }
  nameHash = hash;
  return position;
}
