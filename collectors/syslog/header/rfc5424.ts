import { behindCharacter, MINUS, NUL, OPEN_BRACKET, SPACE, ZERO, isByteOrderMark, isDigit } from '../characters.ts';
import type { Arrival } from '../message.ts';
import { type ParsedMessage, RFC5424, STRUCTURED_DATA } from '../message/parsed-message.ts';
import { TIMESTAMP, takeStamp } from '../time/take-stamp.ts';
import { StampReader } from '../time/timestamp.ts';
import { readTag, startsPayload } from './host-and-tag.ts';
import { readStructuredData } from './structured-data.ts';

const stamps = new StampReader();

/**
 * Reads `VERSION SP TIMESTAMP SP HOSTNAME …` at `at`, behind the PRI, into the message.
 * False, and nothing changed, where this is no header of RFC 5424.
 */
export function parseRfc5424(message: ParsedMessage, at: number, arrival: Arrival): boolean {
  const { bytes } = message;
  let version = 0;
  let position = at;
  for (; position < at + 3 && isDigit(bytes[position]!); position++) version = version * 10 + bytes[position]! - ZERO;
  if (position === at || bytes[position] !== SPACE) return false;
  const timeAt = position + 1;
  // Without the PRI only a version and a full stamp are proof enough, and never a stamp that begins with a month.
  const isNil = at > message.start && bytes[timeAt] === MINUS && bytes[timeAt + 1] === SPACE;
  if (!isNil && !isDigit(bytes[timeAt]!)) return false;
  let hostAt: number;
  if (isNil) hostAt = timeAt + 2;
  else if (stamps.read(bytes, timeAt, arrival)) {
    takeStamp(stamps, message);
    hostAt = behindCharacter(bytes, stamps.end);
  } else {
    hostAt = strangeStampEnd(bytes, timeAt);
    if (hostAt < 0) return false;
    message.reason = TIMESTAMP;
  }
  message.format = RFC5424;
  message.version = version;
  readHeader(message, Math.min(hostAt, message.end));
  return true;
}

/** A word of digits with a T in it was meant as the time; -1 for any other word. */
function strangeStampEnd(bytes: Buffer, at: number): number {
  let hasT = false;
  for (let end = at; end <= at + 64; end++) {
    const code = bytes[end];
    if (code === SPACE) return hasT ? end + 1 : -1;
    if (code === NUL) return -1;
    if (code === 0x54) hasT = true;
  }
  return -1;
}

function readHeader(message: ParsedMessage, at: number): void {
  const { bytes } = message;
  const hostEnd = endOfField(bytes, at);
  if (!isNilValue(bytes, at, hostEnd)) message.setHost(at, hostEnd);
  const appAt = behind(hostEnd, message.end);
  if (startsPayload(bytes, appAt)) {
    message.textStart = appAt;
    return;
  }
  const appEnd = endOfField(bytes, appAt);
  const procAt = behind(appEnd, message.end);
  const procEnd = endOfField(bytes, procAt);
  const msgIdAt = behind(procEnd, message.end);
  const msgIdEnd = endOfField(bytes, msgIdAt);
  const dataAt = behind(msgIdEnd, message.end);
  const first = bytes[dataAt];
  const isNil = first === MINUS && bytes[dataAt + 1]! <= SPACE;
  if (!isNil && first !== OPEN_BRACKET) {
    // Some senders put a tag and the text right behind the host, or stop there.
    message.reason ??= STRUCTURED_DATA;
    message.textStart = readTag(message, appAt);
    return;
  }
  if (!isNilValue(bytes, appAt, appEnd)) message.setApp(appAt, appEnd);
  if (!isNilValue(bytes, procAt, procEnd)) message.setProc(procAt, procEnd);
  if (!isNilValue(bytes, msgIdAt, msgIdEnd)) {
    message.msgIdStart = msgIdAt;
    message.msgIdEnd = msgIdEnd;
  }
  message.textStart = isNil ? startOfText(bytes, dataAt + 1) : readData(message, dataAt);
}

/** Structured data that is malformed stays in the text. */
function readData(message: ParsedMessage, at: number): number {
  const end = readStructuredData(message, at);
  if (end < 0) message.reason ??= STRUCTURED_DATA;
  return startOfText(message.bytes, end < 0 ? at : end);
}

/** The byte order mark (6.4) says that MSG is UTF-8; it is no part of it. */
function startOfText(bytes: Buffer, at: number): number {
  const position = bytes[at] === SPACE ? at + 1 : at;
  return isByteOrderMark(bytes, position) ? position + 3 : position;
}

function endOfField(bytes: Buffer, at: number): number {
  let position = at;
  while (bytes[position] !== SPACE && bytes[position] !== NUL) position++;
  return position;
}

function behind(end: number, limit: number): number {
  return end < limit ? end + 1 : limit;
}

function isNilValue(bytes: Buffer, start: number, end: number): boolean {
  return end === start + 1 && bytes[start] === MINUS;
}
