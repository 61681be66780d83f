import { CR, GREATER, LESS, LF, SPACE, ZERO, isByteOrderMark, isDigit } from './characters.ts';
import { recogniseDialect } from './dialects/recognise.ts';
import { parseRfc3164 } from './header/rfc3164.ts';
import { parseRfc5424 } from './header/rfc5424.ts';
import type { Arrival, SyslogMessage } from './message.ts';
import { fixed } from './message/fixed-text.ts';
import { messageOf } from './message/message-of.ts';
import { ParsedMessage, RAW } from './message/parsed-message.ts';

/** 23 × 8 + 7, RFC 5424, 6.2.1. */
const maxPriority = 191;
const PRIORITY = fixed('priority');
const NO_HEADER = fixed('no header');

/**
 * Parses one syslog message of any form into `message`, whose memory is used again. Never throws; a message without a header is
 * raw, all of it text, with the reason. Trailing newlines and NULs are cut off; the work is linear in the length.
 */
export function parseInto(message: ParsedMessage, bytes: Buffer, arrival: Arrival): void {
  message.load(bytes);
  const start = skipToPriority(message);
  const after = readPriority(message, start);
  if (message.reason !== undefined) return;
  if (!parseRfc5424(message, after, arrival)) parseRfc3164(message, after, arrival);
  recogniseDialect(message, arrival);
  if (message.format === RAW && message.dialect === undefined) message.reason = NO_HEADER;
}

let shared: ParsedMessage | undefined;

/** The same with strings, for people and tests: the result is a plain object of its own. */
export function parseSyslog(bytes: Buffer, arrival: Arrival): SyslogMessage {
  shared ??= new ParsedMessage();
  parseInto(shared, bytes, arrival);
  return messageOf(shared);
}

/** Blanks, newlines and a byte order mark before the PRI are skipped, as ASA and careless programs send them. */
function skipToPriority(message: ParsedMessage): number {
  const { bytes, start } = message;
  if (bytes[start] === LESS) return start;
  let at = start;
  for (;;) {
    const code = bytes[at];
    if (code === SPACE || code === LF || code === CR) at++;
    else if (isByteOrderMark(bytes, at)) at += 3;
    else break;
  }
  if (bytes[at] === LESS) return at;
  // An octet count that has no place in a datagram, from senders that frame for TCP whatever the transport.
  let digits = start;
  while (digits < start + 7 && isDigit(bytes[digits]!)) digits++;
  const isCounted = digits > start && bytes[start] !== ZERO && bytes[digits] === SPACE && bytes[digits + 1] === LESS;
  return isCounted ? digits + 1 : start;
}

/** Gives the position behind the PRI, or `at` where there is none; a PRI out of range is the message's reason. */
function readPriority(message: ParsedMessage, at: number): number {
  const { bytes } = message;
  if (bytes[at] !== LESS) return at;
  let value = 0;
  let position = at + 1;
  for (; position < at + 4; position++) {
    const code = bytes[position]!;
    if (!isDigit(code)) break;
    value = value * 10 + code - ZERO;
  }
  if (bytes[position] !== GREATER || position === at + 1) return at;
  if (value > maxPriority) {
    message.reason = PRIORITY;
    return at;
  }
  message.facility = value >> 3;
  message.severity = value & 7;
  return position + 1;
}
