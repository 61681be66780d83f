import { JSONB_VERSION } from '../../copy-format.ts';
import { CLOSE_BRACE, COLON, COMMA, OPEN_BRACE } from '../characters.ts';
import type { Elements } from '../message/elements.ts';
import { Pairs } from '../message/pairs.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { putInt32, putNull } from './field-bytes.ts';
import { writePairs, writeString } from './json-text.ts';

const LENGTH_BYTES = 4;
/** What an empty object and its length take: nothing is begun with less. */
const SMALLEST = 16;
/** The parameters of elements of the same SD-ID. */
const merged = new Pairs();

/** Whether all was written by the last call. */
let isWhole = true;
export function wasWhole(): boolean {
  return isWhole;
}

/** The column `fields`: an object of strings, and of arrays of strings for keys that come twice. NULL where there is none. */
export function putFields(message: ParsedMessage, out: Buffer, at: number, limit: number): number {
  isWhole = true;
  const { bytes, fields } = message;
  if (fields.count === 0) return putNull(out, at);
  isWhole = at + SMALLEST <= limit;
  if (!isWhole) return putNull(out, at);
  const end = writePairs(bytes, fields, 0, fields.count, out, open(out, at), limit);
  isWhole = end > 0;
  return close(out, at, Math.abs(end));
}

/** The column `structured_data`: SD-ID to an object of its parameters, as `putFields` writes them. */
export function putElements(message: ParsedMessage, out: Buffer, at: number, limit: number): number {
  isWhole = true;
  const { bytes, elements } = message;
  if (elements.count === 0) return putNull(out, at);
  isWhole = at + SMALLEST <= limit;
  if (!isWhole) return putNull(out, at);
  const start = open(out, at);
  let next = start;
  for (let index = 0; index < elements.count && isWhole; index++) {
    if (elements.isRepeated(bytes, index)) continue;
    next = writeElement(bytes, elements, index, out, next, next > start, limit);
  }
  return close(out, at, next);
}

function writeElement(
  bytes: Buffer,
  elements: Elements,
  index: number,
  out: Buffer,
  at: number,
  hasOther: boolean,
  limit: number,
): number {
  const idStart = elements.idStart(index);
  const idEnd = elements.idEnd(index);
  if (at + 6 * (idEnd - idStart) + SMALLEST > limit) {
    isWhole = false;
    return at;
  }
  let next = at;
  if (hasOther) out[next++] = COMMA;
  next = writeString(bytes, idStart, idEnd, out, next);
  out[next++] = COLON;
  out[next++] = OPEN_BRACE;
  const end = writeParameters(bytes, elements, index, out, next, limit);
  isWhole = end > 0;
  next = Math.abs(end);
  out[next++] = CLOSE_BRACE;
  return next;
}

function writeParameters(
  bytes: Buffer,
  elements: Elements,
  index: number,
  out: Buffer,
  at: number,
  limit: number,
): number {
  const { parameters } = elements;
  const from = elements.firstParameter(index);
  const to = elements.endOfParameters(index);
  if (!elements.comesAgain(bytes, index)) return writePairs(bytes, parameters, from, to, out, at, limit);
  merged.clear();
  for (let other = index; other < elements.count; other++) {
    if (!elements.isSame(bytes, index, other)) continue;
    for (let each = elements.firstParameter(other); each < elements.endOfParameters(other); each++) {
      merged.addOf(parameters, each);
    }
  }
  return writePairs(bytes, merged, 0, merged.count, out, at, limit);
}

function open(out: Buffer, at: number): number {
  out[at + LENGTH_BYTES] = JSONB_VERSION;
  out[at + LENGTH_BYTES + 1] = OPEN_BRACE;
  return at + LENGTH_BYTES + 2;
}

function close(out: Buffer, at: number, end: number): number {
  out[end] = CLOSE_BRACE;
  putInt32(out, at, end + 1 - at - LENGTH_BYTES);
  return end + 1;
}
