import {
  CLOSE_BRACKET,
  COLON,
  COMMA,
  DOT,
  EQUALS,
  LESS,
  NUL,
  OPEN_BRACE,
  OPEN_BRACKET,
  PERCENT,
  QUOTE,
  SLASH,
  SPACE,
  TAB,
  endOfWord,
  findCode,
  isDigit,
  skipSpaces,
} from '../characters.ts';
import { fixed, startsWith } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';

const maxTagLength = 128;
const maxHostLength = 255;
const FORWARDED = fixed('Message forwarded from ');
const F5_IRULE = fixed(',f5_irule=');
const CEF = fixed('CEF:');
const LEEF = fixed('LEEF:');
/** Products of Cisco that write `host: %ASA-…`. */
const FIREWALLS = ['ASA-', 'FTD-', 'PIX-', 'FWSM-'].map(fixed);

/** Letters of any script, digits, and what devices put into their names: `-._/@~+`. */
const hostCharacters = new Uint8Array(256).fill(1, 0x80);
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-./_@~+') {
  hostCharacters[character.charCodeAt(0)] = 1;
}

/** Reads the host name, if there is one, and the tag behind it; gives the position of the text. */
export function readHostAndTag(message: ParsedMessage, at: number): number {
  const { bytes } = message;
  let position = skipSpaces(bytes, at);
  if (bytes[position] === 0x4d && startsWith(bytes, position, FORWARDED)) position = readForwarder(message, position);
  else {
    const end = endOfHost(bytes, position, message.end);
    if (end > position) {
      if (bytes[position] === OPEN_BRACKET) message.setHost(position + 1, end - 1);
      else message.setHost(position, end);
      position = bytes[end] === COLON ? end + 1 : end;
    }
  }
  return readTag(message, skipSpaces(bytes, position));
}

/** syslogd of AIX: `Message forwarded from host: tag: text`. */
function readForwarder(message: ParsedMessage, at: number): number {
  const start = at + FORWARDED.end - FORWARDED.start;
  const end = findCode(message.bytes, COLON, start, Math.min(message.end, start + maxHostLength + 1));
  if (end <= start) return start;
  message.setHost(start, end);
  return end + 1;
}

/** Where the host name that starts at `at` ends; `at` itself where the word there is no host name. */
function endOfHost(bytes: Buffer, at: number, limit: number): number {
  if (startsPayload(bytes, at)) return at;
  if (bytes[at] === OPEN_BRACKET) return endOfBracketedAddress(bytes, at, limit);
  let end = at;
  while (hostCharacters[bytes[end]!] === 1) end++;
  if (end - at > maxHostLength) return at;
  const code = bytes[end]!;
  if (code === SPACE || code === TAB || code === NUL) return end;
  if (code === COMMA) return startsWith(bytes, end, F5_IRULE) ? end : at;
  return code === COLON ? endOfHostWithColon(bytes, at, end) : at;
}

/** A colon ends a tag, not a host; but IPv6 addresses have some, and ASA writes `host: %ASA-…`. */
function endOfHostWithColon(bytes: Buffer, at: number, firstColon: number): number {
  let end = firstColon;
  let colons = 0;
  for (; ; end++) {
    const code = bytes[end]!;
    if (code === COLON) colons++;
    else if (code === SPACE || code === TAB || code === NUL) break;
    else if (code === COMMA) return startsWith(bytes, end, F5_IRULE) ? end : at;
    else if (hostCharacters[code] !== 1) return at;
    if (end - at > maxHostLength) return at;
  }
  if (colons > 1) return isIPv6(bytes, at, end) ? end : at;
  return end === firstColon + 1 && isFirewall(bytes, skipSpaces(bytes, end)) ? firstColon : at;
}

/** Whether `%ASA-` or the like of a firewall of Cisco stands at `at`. */
export function isFirewall(bytes: Buffer, at: number): boolean {
  if (bytes[at] !== PERCENT) return false;
  for (const name of FIREWALLS) if (startsWith(bytes, at + 1, name)) return true;
  return false;
}

function endOfBracketedAddress(bytes: Buffer, at: number, limit: number): number {
  const end = findCode(bytes, CLOSE_BRACKET, at, Math.min(limit, at + 48));
  if (end < 0 || bytes[end + 1] !== SPACE) return at;
  return isAddress(bytes, at + 1, end) ? end + 1 : at;
}

/** An IPv4 or IPv6 address in text form: digits enough to tell it from a name, no full check. */
function isAddress(bytes: Buffer, start: number, end: number): boolean {
  return isIPv4(bytes, start, end) || isIPv6(bytes, start, end);
}

function isIPv4(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < 7 || end - start > 15) return false;
  let dots = 0;
  for (let index = start; index < end; index++) {
    const code = bytes[index]!;
    if (code === DOT) dots++;
    else if (!isDigit(code)) return false;
  }
  return dots === 3;
}

function isIPv6(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > 45) return false;
  let colons = 0;
  for (let index = start; index < end; index++) {
    const code = bytes[index]!;
    const lower = code | 0x20;
    if (code === COLON) colons++;
    else if (!isDigit(code) && !(lower >= 0x61 && lower <= 0x66) && code !== DOT) return false;
  }
  return colons >= 2;
}

/** Whether the message part itself starts here: JSON, key=value, CEF, LEEF, a quoted text, a Cisco mnemonic. */
export function startsPayload(bytes: Buffer, at: number): boolean {
  switch (bytes[at]!) {
    case OPEN_BRACE:
    case QUOTE:
    case PERCENT:
    case LESS:
      return true;
    case 0x43:
      return startsWith(bytes, at, CEF);
    case 0x4c:
      return startsWith(bytes, at, LEEF);
    default:
      return false;
  }
}

/** What a tag goes on over; it ends at a blank, a control character, `[`, `=`, `,` or a colon. */
const tagCharacters = new Uint8Array(256).fill(1, SPACE + 1);
for (const code of [COLON, OPEN_BRACKET, EQUALS, COMMA]) tagCharacters[code] = 0;

/**
 * Reads `tag:`, `tag[pid]:` or `tag[pid]` at `at` into appName and procId; gives the position of the text behind it.
 * A word without colon or brackets stays in the text: nothing tells it from the first word of a sentence.
 */
export function readTag(message: ParsedMessage, at: number): number {
  const { bytes } = message;
  if (bytes[at] === COLON && bytes[at + 1] === SPACE) return skipSpaces(bytes, at + 1);
  if (startsPayload(bytes, at)) return at;
  let end = at;
  for (; ; end++) {
    const code = bytes[end]!;
    if (tagCharacters[code] === 1) continue;
    if (code !== COLON || endsTag(bytes, end)) break;
  }
  if (end === at || end - at > maxTagLength) return at;
  const code = bytes[end];
  if (code === COLON) {
    message.setApp(at, end);
    return skipSpaces(bytes, end + 1);
  }
  if (code === OPEN_BRACKET) return readPid(message, at, end);
  // ` tag : text`, as ESXi scripts log.
  if (code === SPACE && bytes[end + 1] === COLON && bytes[end + 2] === SPACE) {
    message.setApp(at, end);
    return skipSpaces(bytes, end + 2);
  }
  return at;
}

/** `http://`, `01:00` and `A::b` are no tags. */
function endsTag(bytes: Buffer, colon: number): boolean {
  const next = bytes[colon + 1]!;
  return next !== COLON && next !== SLASH && !isDigit(next) && bytes[colon - 1] !== COLON;
}

function readPid(message: ParsedMessage, at: number, open: number): number {
  const { bytes } = message;
  let end = open + 1;
  while (end - open < 64 && bytes[end]! > SPACE && bytes[end] !== CLOSE_BRACKET) end++;
  if (bytes[end] !== CLOSE_BRACKET) return at;
  const after = bytes[end + 1];
  if (after !== COLON && after !== SPACE && after !== NUL) return at;
  message.setApp(at, open);
  if (end > open + 1) message.setProc(open + 1, end);
  return skipSpaces(bytes, after === COLON ? end + 2 : end + 1);
}

/** Where the IP address that starts at `at` ends; `at` itself where the word is none. */
export function endOfAddress(bytes: Buffer, at: number): number {
  if (!isDigit(bytes[at]!) && bytes[at] !== COLON && !isDigit(bytes[at + 1]!) && !isHexLetter(bytes[at]!)) return at;
  const end = endOfWord(bytes, at);
  return isAddress(bytes, at, end) ? end : at;
}

function isHexLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66;
}
