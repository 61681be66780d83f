import {
  CLOSE_BRACKET,
  COLON,
  COMMA,
  EQUALS,
  LESS,
  OPEN_BRACKET,
  PERCENT,
  QUOTE,
  SLASH,
  SPACE,
  TAB,
  endOfWord,
  isDigit,
  isLetter,
  skipSpaces,
  codeAt,
} from './characters.ts';
import type { SyslogMessage } from './message.ts';

const OPEN_BRACE = 0x7b;
const maxTagLength = 128;

/** Reads the host name, if there is one, and the tag behind it; gives the position of the text. */
export function readHostAndTag(text: string, at: number, message: SyslogMessage): number {
  let position = skipSpaces(text, at);
  if (text.startsWith('Message forwarded from ', position)) position = readForwarder(text, position + 23, message);
  else {
    const end = endOfHost(text, position);
    if (end > position) {
      message.hostname = withoutBrackets(text.slice(position, end));
      position = codeAt(text, end) === COLON ? end + 1 : end;
    }
  }
  return readTag(text, skipSpaces(text, position), message);
}

/** syslogd of AIX: `Message forwarded from host: tag: text`. */
function readForwarder(text: string, at: number, message: SyslogMessage): number {
  const end = text.indexOf(':', at);
  if (end <= at || end > at + 255) return at;
  message.hostname = text.slice(at, end);
  return end + 1;
}

/** Where the host name that starts at `at` ends; `at` itself where the word there is no host name. */
function endOfHost(text: string, at: number): number {
  if (startsPayload(text, at)) return at;
  if (codeAt(text, at) === OPEN_BRACKET) return endOfBracketedAddress(text, at);
  let end = at;
  let colons = 0;
  for (; end < text.length; end++) {
    const code = codeAt(text, end);
    if (code === SPACE || code === TAB) break;
    if (code === COMMA) return text.startsWith(',f5_irule=', end) ? end : at;
    if (code === COLON) colons++;
    else if (!isHostCharacter(code)) return at;
    if (end - at > 255) return at;
  }
  if (colons === 0) return end;
  if (isIPv6(text, at, end)) return end;
  // A colon ends a tag, not a host, but ASA writes `host: %ASA-…`.
  const isOnlyLast = colons === 1 && codeAt(text, end - 1) === COLON;
  return isOnlyLast && /^ ?%(?:ASA|FTD|PIX|FWSM)-/.test(text.slice(end, end + 7)) ? end - 1 : at;
}

function endOfBracketedAddress(text: string, at: number): number {
  const end = text.indexOf(']', at);
  if (end < 0 || end > at + 47 || codeAt(text, end + 1) !== SPACE) return at;
  return isAddress(text, at + 1, end) ? end + 1 : at;
}

function withoutBrackets(host: string): string {
  return codeAt(host, 0) === OPEN_BRACKET ? host.slice(1, -1) : host;
}

/** An IPv4 or IPv6 address in text form: digits enough to tell it from a name, no full check. */
function isAddress(text: string, start: number, end: number): boolean {
  return isIPv4(text, start, end) || isIPv6(text, start, end);
}

function isIPv4(text: string, start: number, end: number): boolean {
  if (end - start < 7 || end - start > 15) return false;
  let dots = 0;
  for (let index = start; index < end; index++) {
    const code = codeAt(text, index);
    if (code === 0x2e) dots++;
    else if (!isDigit(code)) return false;
  }
  return dots === 3;
}

function isIPv6(text: string, start: number, end: number): boolean {
  if (end - start > 45) return false;
  let colons = 0;
  for (let index = start; index < end; index++) {
    const code = codeAt(text, index);
    const lower = code | 0x20;
    if (code === COLON) colons++;
    else if (!isDigit(code) && !(lower >= 0x61 && lower <= 0x66) && code !== 0x2e) return false;
  }
  return colons >= 2;
}

/** Letters of any script, digits, and what devices put into their names: `-._/@~+#*`. */
function isHostCharacter(code: number): boolean {
  if (isLetter(code) || isDigit(code) || code >= 0x80) return true;
  return (code >= 0x2d && code <= 0x2f) || code === 0x5f || code === 0x40 || code === 0x7e || code === 0x2b;
}

/** Whether the message part itself starts here: JSON, key=value, CEF, LEEF, a quoted text, a Cisco mnemonic. */
export function startsPayload(text: string, at: number): boolean {
  switch (codeAt(text, at)) {
    case OPEN_BRACE:
    case QUOTE:
    case PERCENT:
    case LESS:
      return true;
    case 0x43:
      return text.startsWith('CEF:', at);
    case 0x4c:
      return text.startsWith('LEEF:', at);
    default:
      return false;
  }
}

/**
 * Reads `tag:`, `tag[pid]:` or `tag[pid]` at `at` into appName and procId; gives the position of the text behind it.
 * A word without colon or brackets stays in the text: nothing tells it from the first word of a sentence.
 */
export function readTag(text: string, at: number, message: SyslogMessage): number {
  if (codeAt(text, at) === COLON && codeAt(text, at + 1) === SPACE) return skipSpaces(text, at + 1);
  if (startsPayload(text, at)) return at;
  let end = at;
  for (; end < text.length; end++) {
    const code = codeAt(text, end);
    if (code === COLON) {
      if (endsTag(text, end)) break;
    } else if (code <= SPACE || code === OPEN_BRACKET || code === EQUALS || code === COMMA) break;
    if (end - at > maxTagLength) return at;
  }
  const code = codeAt(text, end);
  if (end === at) return at;
  if (code === COLON) {
    message.appName = text.slice(at, end);
    return skipSpaces(text, end + 1);
  }
  if (code === OPEN_BRACKET) return readPid(text, at, end, message);
  // ` tag : text`, as ESXi scripts log.
  if (code === SPACE && codeAt(text, end + 1) === COLON && codeAt(text, end + 2) === SPACE) {
    message.appName = text.slice(at, end);
    return skipSpaces(text, end + 2);
  }
  return at;
}

/** `http://`, `01:00` and `A::b` are no tags. */
function endsTag(text: string, colon: number): boolean {
  const next = codeAt(text, colon + 1);
  return next !== COLON && next !== SLASH && !isDigit(next) && codeAt(text, colon - 1) !== COLON;
}

function readPid(text: string, at: number, open: number, message: SyslogMessage): number {
  let end = open + 1;
  while (end < text.length && end - open < 64 && codeAt(text, end) > SPACE && codeAt(text, end) !== CLOSE_BRACKET)
    end++;
  if (codeAt(text, end) !== CLOSE_BRACKET) return at;
  const after = codeAt(text, end + 1);
  if (after !== COLON && after !== SPACE && end + 1 < text.length) return at;
  message.appName = text.slice(at, open);
  if (end > open + 1) message.procId = text.slice(open + 1, end);
  return skipSpaces(text, after === COLON ? end + 2 : end + 1);
}

/** Where the IP address that starts at `at` ends; `at` itself where the word is none. */
export function endOfAddress(text: string, at: number): number {
  const end = endOfWord(text, at);
  return isAddress(text, at, end) ? end : at;
}
