import { ASTERISK, COLON, DOT, SPACE, isDigit, isLetter, skipSpaces, codeAt } from './characters.ts';
import { readCiscoPrelude } from './cisco-prelude.ts';
import { endOfAddress, readHostAndTag, readTag } from './host-and-tag.ts';
import type { Arrival, SyslogMessage } from './message.ts';
import { takeStamp } from './take-stamp.ts';
import { StampReader } from './timestamp.ts';

const stamps = new StampReader();

/**
 * Reads what stands behind the PRI in the form of RFC 3164, or in the forms that devices make of it:
 * stamp, host, tag and text, each of them optional. Without a stamp only an address is taken for the host.
 */
export function parseRfc3164(text: string, at: number, arrival: Arrival, message: SyslogMessage): void {
  const start = skipSpaces(text, at);
  const hasPri = at > 0;
  if (stamps.read(text, start, arrival)) {
    message.format = 'rfc3164';
    takeStamp(stamps, message);
    message.text = text.slice(readHostAndTag(text, skipClockEnd(text, stamps.end), message));
    return;
  }
  const afterPrelude = mayBePrelude(text, start) ? readCiscoPrelude(text, start, arrival, message) : -1;
  if (afterPrelude >= 0) {
    message.format = 'cisco';
    message.text = text.slice(readTag(text, skipClockEnd(text, afterPrelude), message));
    return;
  }
  if (!hasPri) {
    message.text = text;
    return;
  }
  message.format = 'rfc3164';
  // RFC 3164, 4.3.2 and 4.3.3: behind the PRI, all of it is the message; a tag that is plain to see is taken.
  const addressEnd = endOfAddress(text, start);
  if (addressEnd > start) message.hostname = text.slice(start, addressEnd);
  message.text = text.slice(readTag(text, skipSpaces(text, addressEnd), message));
}

/** Behind the clock comes `:`, ` :`, or an unknown zone's name and the colon (`11:22:33 XYZ: %…`). */
function skipClockEnd(text: string, at: number): number {
  let position = skipSpaces(text, at);
  if (codeAt(text, position) === COLON) return skipSpaces(text, position + 1);
  const word = position;
  while (position < word + 5 && isLetter(codeAt(text, position))) position++;
  if (position > word && text.startsWith(': %', position)) {
    const name = text.slice(word, position);
    if (name === name.toUpperCase() && !/^(?:ASA|FTD|PIX|FWSM)-/.test(text.slice(position + 3, position + 8)))
      return position + 2;
  }
  return word;
}

/** Only some first characters can begin a prelude: a sequence number, a colon, a clock mark, a node or a name with a colon. */
function mayBePrelude(text: string, at: number): boolean {
  const first = codeAt(text, at);
  if (first === COLON || first === ASTERISK || first === DOT) return true;
  if (!isDigit(first) && !isLetter(first)) return false;
  const colon = text.indexOf(':', at);
  if (colon < 0 || colon > at + 64) return false;
  const space = text.indexOf(' ', at);
  return space > colon || text.startsWith('RP/', space + 1) || codeAt(text, colon - 1) === SPACE;
}
