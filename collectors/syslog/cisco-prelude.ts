import { ASTERISK, COLON, DOT, PERCENT, SPACE, isDigit, isLetter, skipSpaces, codeAt } from './characters.ts';
import { addField, type Arrival, type SyslogMessage } from './message.ts';
import { takeStamp } from './take-stamp.ts';
import { StampReader } from './timestamp.ts';

const stamps = new StampReader();
const maxWords = 5;
const maxWordLength = 64;

/**
 * Reads Cisco's prelude: `seq: [origin: ] [seq: ] [node:] [*|.]clock` where the clock is a stamp or the uptime.
 * Gives the position behind the clock, or of the `%` where there is none; -1, and nothing changed, for anything else.
 * The mark says that the clock was never set (`*`) or lost its reference (`.`).
 */
export function readCiscoPrelude(text: string, at: number, arrival: Arrival, message: SyslogMessage): number {
  const words: string[] = [];
  let position = at;
  for (let count = 0; count < maxWords; count++) {
    const end = readClock(text, position, arrival, message);
    if (end >= 0) {
      takeWords(words, message);
      return end;
    }
    if (codeAt(text, position) === PERCENT && count > 0) {
      takeWords(words, message);
      return position;
    }
    const wordEnd = endOfPreludeWord(text, position);
    if (wordEnd < 0) return -1;
    if (wordEnd > position) words.push(text.slice(position, wordEnd));
    position = skipSpaces(text, codeAt(text, wordEnd) === COLON ? wordEnd + 1 : wordEnd);
  }
  return -1;
}

/** A word ends at a colon that a space follows; the node of IOS XR (`RP/0/RSP0/CPU0:`) at any colon, the host before it at the space. */
function endOfPreludeWord(text: string, at: number): number {
  const isNode = text.startsWith('RP/', at) || text.startsWith('LC/', at);
  for (let end = at; end < at + maxWordLength; end++) {
    const code = codeAt(text, end);
    if (code === COLON && (isNode || codeAt(text, end + 1) === SPACE)) return end;
    if (code === COLON && isDigit(codeAt(text, at)) && isLetter(codeAt(text, end + 1))) return end;
    if (code === COLON && end === at) return end;
    if (code === SPACE) {
      // IOS and UCM write a space before the colon too.
      if (codeAt(text, end + 1) === COLON || text.startsWith('RP/', end + 1) || text.startsWith('LC/', end + 1))
        return end;
      return -1;
    }
    if (!(code > SPACE)) return -1;
  }
  return -1;
}

function readClock(text: string, at: number, arrival: Arrival, message: SyslogMessage): number {
  const mark = codeAt(text, at);
  const isMarked = mark === ASTERISK || mark === DOT;
  const start = isMarked ? at + 1 : at;
  const isStamp = stamps.read(text, start, arrival);
  const end = isStamp ? stamps.end : endOfUptime(text, start);
  if (end < 0) return -1;
  if (isStamp) takeStamp(stamps, message);
  else addField(message, 'uptime', text.slice(start, end));
  if (isMarked) addField(message, 'clock', mark === ASTERISK ? 'not set' : 'not synchronised');
  return end;
}

/** `51w2d`, `1d02h`, `00:01:01`; a colon must follow. */
function endOfUptime(text: string, at: number): number {
  if (!isDigit(codeAt(text, at))) return -1;
  let units = 0;
  let position = at;
  for (; position < at + 16; position++) {
    const code = codeAt(text, position);
    if (isDigit(code)) continue;
    if (code === COLON && isDigit(codeAt(text, position + 1)) && isDigit(codeAt(text, position + 2))) units++;
    else if (code === 0x79 || code === 0x77 || code === 0x64 || code === 0x68) units++;
    else if (code === DOT && units > 0) units++;
    else break;
  }
  return units >= 2 && codeAt(text, position) === COLON ? position : -1;
}

function takeWords(words: readonly string[], message: SyslogMessage): void {
  let hasSequence = false;
  for (const word of words) {
    if (word.startsWith('RP/') || word.startsWith('LC/')) addField(message, 'node', word);
    else if (isDigit(codeAt(word, 0)) && isDigit(codeAt(word, word.length - 1)) && !word.includes('.')) {
      addField(message, hasSequence ? 'deviceSequence' : 'sequence', word);
      hasSequence = true;
    } else message.hostname = word;
  }
}
