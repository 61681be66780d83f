import { MINUS, OPEN_BRACKET, SPACE, isDigit, codeAt } from './characters.ts';
import type { Arrival, SyslogMessage } from './message.ts';
import { readTag, startsPayload } from './host-and-tag.ts';
import { StructuredDataReader } from './structured-data.ts';
import { StampReader } from './timestamp.ts';
import { takeStamp } from './take-stamp.ts';

const stamps = new StampReader();
const structuredData = new StructuredDataReader();

/**
 * Reads `VERSION SP TIMESTAMP SP HOSTNAME …` at `at`, behind the PRI, into the message.
 * False, and nothing changed, where this is no header of RFC 5424.
 */
export function parseRfc5424(text: string, at: number, arrival: Arrival, message: SyslogMessage): boolean {
  let position = at;
  while (position < at + 3 && isDigit(codeAt(text, position))) position++;
  if (position === at || codeAt(text, position) !== SPACE) return false;
  const timeAt = position + 1;
  // Without the PRI only a version and a full stamp are proof enough, and never a stamp that begins with a month.
  const isNil = at > 0 && codeAt(text, timeAt) === MINUS && codeAt(text, timeAt + 1) === SPACE;
  if (!isNil && !isDigit(codeAt(text, timeAt))) return false;
  let hostAt: number;
  if (isNil) hostAt = timeAt + 2;
  else if (stamps.read(text, timeAt, arrival)) {
    takeStamp(stamps, message);
    hostAt = stamps.end + 1;
  } else {
    hostAt = strangeStampEnd(text, timeAt);
    if (hostAt < 0) return false;
    message.reason = 'timestamp';
  }
  message.format = 'rfc5424';
  message.version = Number(text.slice(at, position));
  readHeader(text, hostAt, message);
  return true;
}

/** A word of digits with a T in it was meant as the time; -1 for any other word. */
function strangeStampEnd(text: string, at: number): number {
  const end = text.indexOf(' ', at);
  if (end < 0 || end > at + 64 || !isDigit(codeAt(text, at))) return -1;
  return text.slice(at, end).includes('T') ? end + 1 : -1;
}

function readHeader(text: string, at: number, message: SyslogMessage): void {
  const hostEnd = endOfField(text, at);
  message.hostname = field(text, at, hostEnd);
  const appAt = hostEnd + 1;
  if (startsPayload(text, appAt)) {
    message.text = text.slice(appAt);
    return;
  }
  const appEnd = endOfField(text, appAt);
  const procEnd = endOfField(text, appEnd + 1);
  const msgEnd = endOfField(text, procEnd + 1);
  const dataAt = msgEnd + 1;
  const first = codeAt(text, dataAt);
  const isNil = first === MINUS && !(codeAt(text, dataAt + 1) > SPACE);
  if (!isNil && first !== OPEN_BRACKET) {
    // Some senders put a tag and the text right behind the host, or stop there.
    message.reason ??= 'structured-data';
    message.text = text.slice(readTag(text, appAt, message));
    return;
  }
  message.appName = field(text, appAt, appEnd);
  message.procId = field(text, appEnd + 1, procEnd);
  message.msgId = field(text, procEnd + 1, msgEnd);
  readBody(text, dataAt, isNil, message);
}

function readBody(text: string, at: number, isNil: boolean, message: SyslogMessage): void {
  let position = at;
  if (isNil) position++;
  else {
    message.structuredData = structuredData.read(text, at);
    if (message.structuredData === undefined) message.reason ??= 'structured-data';
    else position = structuredData.end;
  }
  if (codeAt(text, position) === SPACE) position++;
  // The byte order mark (6.4) says that MSG is UTF-8; it is no part of it.
  if (codeAt(text, position) === 0xfeff) position++;
  message.text = text.slice(position);
}

function endOfField(text: string, at: number): number {
  const end = text.indexOf(' ', at);
  return end < 0 ? text.length : end;
}

/** NILVALUE is undefined. */
function field(text: string, start: number, end: number): string | undefined {
  if (end <= start || (end === start + 1 && codeAt(text, start) === MINUS)) return undefined;
  return text.slice(start, end);
}
