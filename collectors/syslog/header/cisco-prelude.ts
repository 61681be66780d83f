import { ASTERISK, COLON, DOT, PERCENT, SLASH, SPACE, isDigit, isLetter, skipSpaces } from '../characters.ts';
import type { Arrival } from '../message.ts';
import { type FixedText, fixed } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { takeStamp } from '../time/take-stamp.ts';
import { StampReader } from '../time/timestamp.ts';

const stamps = new StampReader();
const maxWords = 5;
const maxWordLength = 64;
const UPTIME = fixed('uptime');
const CLOCK = fixed('clock');
const NOT_SET = fixed('not set');
const NOT_SYNCHRONISED = fixed('not synchronised');
const NODE = fixed('node');
const SEQUENCE = fixed('sequence');
const DEVICE_SEQUENCE = fixed('deviceSequence');

/** Starts of the words before the clock, and behind each its end. */
const words = new Int32Array(2 * maxWords);

/**
 * Reads Cisco's prelude: `seq: [origin: ] [seq: ] [node:] [*|.]clock` where the clock is a stamp or the uptime.
 * Gives the position behind the clock, or of the `%` where there is none; -1, and nothing changed, for anything else.
 * The mark says that the clock was never set (`*`) or lost its reference (`.`).
 */
export function readCiscoPrelude(message: ParsedMessage, at: number, arrival: Arrival): number {
  const { bytes } = message;
  let wordCount = 0;
  let position = at;
  for (let turn = 0; turn < maxWords; turn++) {
    const end = readClock(message, position, arrival);
    if (end >= 0 || (turn > 0 && bytes[position] === PERCENT)) {
      takeWords(message, wordCount);
      return end >= 0 ? end : position;
    }
    const wordEnd = endOfPreludeWord(bytes, position);
    if (wordEnd < 0) return -1;
    if (wordEnd > position) {
      words[2 * wordCount] = position;
      words[2 * wordCount + 1] = wordEnd;
      wordCount++;
    }
    position = skipSpaces(bytes, bytes[wordEnd] === COLON ? wordEnd + 1 : wordEnd);
  }
  return -1;
}

/** The node of IOS XR: `RP/0/RSP0/CPU0:` or `LC/…`. */
export function isNode(bytes: Buffer, at: number): boolean {
  if (bytes[at + 2] !== SLASH) return false;
  return (bytes[at] === 0x52 && bytes[at + 1] === 0x50) || (bytes[at] === 0x4c && bytes[at + 1] === 0x43);
}

/** A word ends at a colon that a space follows; the node of IOS XR at any colon, the host before it at the space. */
function endOfPreludeWord(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  const atNode = isNode(bytes, at);
  for (let end = at; end < at + maxWordLength; end++) {
    const code = bytes[end]!;
    if (code === COLON) {
      const next = bytes[end + 1]!;
      if (atNode || next === SPACE || (isDigit(first) && isLetter(next)) || end === at) return end;
    } else if (code === SPACE) {
      // IOS and UCM write a space before the colon too.
      return bytes[end + 1] === COLON || isNode(bytes, end + 1) ? end : -1;
    } else if (code < SPACE) return -1;
  }
  return -1;
}

function readClock(message: ParsedMessage, at: number, arrival: Arrival): number {
  const { bytes } = message;
  const mark = bytes[at];
  const isMarked = mark === ASTERISK || mark === DOT;
  const start = isMarked ? at + 1 : at;
  const isStamp = stamps.read(bytes, start, arrival);
  const end = isStamp ? stamps.end : endOfUptime(bytes, start);
  if (end < 0) return -1;
  if (isStamp) takeStamp(stamps, message);
  else message.addField(UPTIME, start, end);
  if (isMarked) addFixed(message, CLOCK, mark === ASTERISK ? NOT_SET : NOT_SYNCHRONISED);
  return end;
}

function addFixed(message: ParsedMessage, key: FixedText, value: FixedText): void {
  message.addField(key, value.start, value.end);
}

/** `51w2d`, `1d02h`, `00:01:01`; a colon must follow. */
function endOfUptime(bytes: Buffer, at: number): number {
  if (!isDigit(bytes[at]!)) return -1;
  let units = 0;
  let position = at;
  for (; position < at + 16; position++) {
    const code = bytes[position]!;
    if (isDigit(code)) continue;
    if (code === COLON && isDigit(bytes[position + 1]!) && isDigit(bytes[position + 2]!)) units++;
    else if (code === 0x79 || code === 0x77 || code === 0x64 || code === 0x68) units++;
    else if (code === DOT && units > 0) units++;
    else break;
  }
  return units >= 2 && bytes[position] === COLON ? position : -1;
}

function takeWords(message: ParsedMessage, count: number): void {
  const { bytes } = message;
  let hasSequence = false;
  for (let index = 0; index < count; index++) {
    const start = words[2 * index]!;
    const end = words[2 * index + 1]!;
    if (isNode(bytes, start)) message.addField(NODE, start, end);
    else if (isNumber(bytes, start, end)) {
      message.addField(hasSequence ? DEVICE_SEQUENCE : SEQUENCE, start, end);
      hasSequence = true;
    } else message.setHost(start, end);
  }
}

/** Digits first and last, as in `000123` and `1-2`; dots make it an address. */
function isNumber(bytes: Buffer, start: number, end: number): boolean {
  if (!isDigit(bytes[start]!) || !isDigit(bytes[end - 1]!)) return false;
  for (let position = start; position < end; position++) if (bytes[position] === DOT) return false;
  return true;
}
