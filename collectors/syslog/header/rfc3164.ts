import { ASTERISK, COLON, DOT, NUL, PERCENT, SPACE, isDigit, isLetter, isUpper, skipSpaces } from '../characters.ts';
import type { Arrival } from '../message.ts';
import { CISCO, type ParsedMessage, RFC3164 } from '../message/parsed-message.ts';
import { takeStamp } from '../time/take-stamp.ts';
import { StampReader } from '../time/timestamp.ts';
import { isNode, readCiscoPrelude } from './cisco-prelude.ts';
import { endOfAddress, isFirewall, readHostAndTag, readTag } from './host-and-tag.ts';

const stamps = new StampReader();

/**
 * Reads what stands behind the PRI in the form of RFC 3164, or in the forms that devices make of it:
 * stamp, host, tag and text, each of them optional. Without a stamp only an address is taken for the host.
 */
export function parseRfc3164(message: ParsedMessage, at: number, arrival: Arrival): void {
  const { bytes } = message;
  const start = skipSpaces(bytes, at);
  const hasPri = at > message.start;
  if (stamps.read(bytes, start, arrival)) {
    message.format = RFC3164;
    takeStamp(stamps, message);
    message.textStart = readHostAndTag(message, skipClockEnd(bytes, stamps.end));
    return;
  }
  const afterPrelude = mayBePrelude(bytes, start) ? readCiscoPrelude(message, start, arrival) : -1;
  if (afterPrelude >= 0) {
    message.format = CISCO;
    message.textStart = readTag(message, skipClockEnd(bytes, afterPrelude));
    return;
  }
  if (!hasPri) return;
  message.format = RFC3164;
  // RFC 3164, 4.3.2 and 4.3.3: behind the PRI, all of it is the message; a tag that is plain to see is taken.
  const addressEnd = endOfAddress(bytes, start);
  if (addressEnd > start) message.setHost(start, addressEnd);
  message.textStart = readTag(message, skipSpaces(bytes, addressEnd));
}

/** Behind the clock comes `:`, ` :`, or an unknown zone's name and the colon (`11:22:33 XYZ: %…`). */
function skipClockEnd(bytes: Buffer, at: number): number {
  const word = skipSpaces(bytes, at);
  if (bytes[word] === COLON) return skipSpaces(bytes, word + 1);
  let position = word;
  while (position < word + 5 && isUpper(bytes[position]!)) position++;
  if (position === word || bytes[position] !== COLON || bytes[position + 1] !== SPACE) return word;
  // A host in capitals, and not a zone, stands before the mnemonic of a firewall.
  return bytes[position + 2] === PERCENT && !isFirewall(bytes, position + 2) ? position + 2 : word;
}

const maxPreludeWord = 64;

/** Only some first characters can begin a prelude: a sequence number, a colon, a clock mark, a node or a name with a colon. */
function mayBePrelude(bytes: Buffer, at: number): boolean {
  const first = bytes[at]!;
  if (first === COLON || first === ASTERISK || first === DOT) return true;
  if (!isDigit(first) && !isLetter(first)) return false;
  let space = -1;
  for (let position = at; position <= at + maxPreludeWord; position++) {
    const code = bytes[position];
    if (code === NUL) return false;
    if (code === SPACE && space < 0) {
      space = position;
      if (isNode(bytes, space + 1)) return true;
    }
    if (code === COLON) return (space < 0 && hasSpace(bytes, position)) || bytes[position - 1] === SPACE;
  }
  return false;
}

/** A prelude has blanks; one word alone is none. */
function hasSpace(bytes: Buffer, at: number): boolean {
  for (let position = at; ; position++) {
    if (bytes[position] === SPACE) return true;
    if (bytes[position] === NUL) return false;
  }
}
