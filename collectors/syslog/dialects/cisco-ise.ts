import { COMMA, SPACE, findCode, isDigit, nextCharacter } from '../characters.ts';
import type { Arrival } from '../message.ts';
import { TIME_START, fixed, startsWith } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { putTime, takeTimeText } from './device-time.ts';
import { readKeyValues } from './key-values.ts';

const CISCO_ISE = fixed('cisco-ise');
const CISCO = fixed('cisco');
const ISE = fixed('CISE_');
const ACS = fixed('CSCOacs_');
const MESSAGE_ID = fixed('messageId');
const PARTS = fixed('parts');
const PART = fixed('part');
const LEVEL = fixed('level');
const maxWords = 9;
/** Where the words that have a meaning of their own lie. */
const prefixLength = 256;
const spans = new Int32Array(2 * maxWords);

/**
 * Identity Services Engine and its forebear ACS. A long message is sent in several parts:
 * `CISE_category id parts part [date time zone sequence code level class: text, key=value, key=value, …]`.
 */
export function readCiscoIse(message: ParsedMessage, arrival: Arrival): boolean {
  const { bytes, end } = message;
  const { hasApp } = message;
  const nameStart = hasApp ? message.appStart : message.textStart;
  if (!startsWith(bytes, nameStart, ISE) && !startsWith(bytes, nameStart, ACS)) return false;
  const nameEnd = hasApp ? message.appEnd : findCode(bytes, SPACE, nameStart, Math.min(end, nameStart + 65));
  if (nameEnd < 0) return false;
  const textStart = hasApp ? message.textStart : nameEnd + 1;
  const words = splitWords(bytes, textStart, nextCharacter(bytes, Math.min(end, textStart + prefixLength)));
  if (words < 3 || !isNumber(bytes, spans[0]!, spans[1]!)) return false;
  message.recognise(CISCO_ISE, CISCO);
  message.setApp(nameStart, nameEnd);
  message.textStart = textStart;
  message.addField(MESSAGE_ID, spans[0]!, spans[1]!);
  message.addField(PARTS, spans[2]!, spans[3]!);
  message.addField(PART, spans[4]!, spans[5]!);
  if (words === maxWords && takeTime(message, arrival)) {
    message.setMnemonic(spans[14]!, spans[15]!);
    message.addField(LEVEL, spans[16]!, spans[17]!);
  }
  readKeyValues(message, startOfPairs(bytes, textStart, end), end, COMMA);
  return true;
}

/** Date, time and zone are words 3 to 5. */
function takeTime(message: ParsedMessage, arrival: Arrival): boolean {
  const { bytes } = message;
  let at = TIME_START;
  for (let word = 3; word < 6; word++) {
    if (word > 3) bytes[at++] = SPACE;
    at = putTime(bytes, at, spans[2 * word]!, spans[2 * word + 1]!);
  }
  return takeTimeText(message, at, arrival);
}

/** Behind the first `, `; without one, the whole text is looked through. */
function startOfPairs(bytes: Buffer, at: number, end: number): number {
  for (let position = at; position < end; position++) {
    if (bytes[position] === COMMA && bytes[position + 1] === SPACE) return position;
  }
  return at;
}

/** Gives how many words there are, up to nine. */
function splitWords(bytes: Buffer, at: number, limit: number): number {
  let count = 0;
  let position = at;
  while (count < maxWords) {
    const space = findCode(bytes, SPACE, position, limit);
    spans[2 * count] = position;
    spans[2 * count + 1] = space < 0 ? limit : space;
    count++;
    if (space < 0) break;
    position = space + 1;
  }
  return count;
}

function isNumber(bytes: Buffer, start: number, end: number): boolean {
  for (let position = start; position < end; position++) if (!isDigit(bytes[position]!)) return false;
  return end > start;
}
