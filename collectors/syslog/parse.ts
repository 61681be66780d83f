import { CR, GREATER, LESS, LF, NUL, SPACE, ZERO, isDigit, codeAt } from './characters.ts';
import { recogniseDialect } from './dialects/recognise.ts';
import { newMessage, type Arrival, type SyslogMessage } from './message.ts';
import { parseRfc3164 } from './rfc3164.ts';
import { parseRfc5424 } from './rfc5424.ts';
import { isUtf8 } from 'node:buffer';

/** 23 × 8 + 7, RFC 5424, 6.2.1. */
const maxPriority = 191;

/**
 * Parses one syslog message of any form. Never throws; a message without a header is raw, all of it text, with the reason.
 * Trailing newlines and NULs are cut off; the work is linear in the length.
 */
export function parseSyslog(bytes: Buffer, arrival: Arrival): SyslogMessage {
  const message = newMessage();
  const text = decode(bytes, message);
  const start = skipToPriority(text);
  const after = readPriority(text, start, message);
  if (message.reason !== undefined) {
    message.text = text;
    return message;
  }
  if (!parseRfc5424(text, after, arrival, message)) parseRfc3164(text, after, arrival, message);
  recogniseDialect(message, text, arrival);
  if (message.format === 'raw' && message.dialect === undefined) message.reason = 'no header';
  return message;
}

/** Text of the bytes; what is not UTF-8, and NUL, which PostgreSQL's text cannot hold, becomes U+FFFD. */
function decode(bytes: Buffer, message: SyslogMessage): string {
  let end = bytes.length;
  for (; end > 0; end--) {
    const last = bytes[end - 1];
    if (last !== LF && last !== CR && last !== NUL) break;
  }
  const text = bytes.toString('utf8', 0, end);
  if (text.includes('\uFFFD')) message.lossy = !isUtf8(end === bytes.length ? bytes : bytes.subarray(0, end));
  if (!text.includes('\0')) return text;
  message.lossy = true;
  return text.replaceAll('\0', '\uFFFD');
}

/** Blanks, newlines and a byte order mark before the PRI are skipped, as ASA and careless programs send them. */
function skipToPriority(text: string): number {
  let at = 0;
  for (; ; at++) {
    const code = codeAt(text, at);
    if (code !== SPACE && code !== LF && code !== CR && code !== 0xfeff) break;
  }
  if (codeAt(text, at) === LESS) return at;
  // An octet count that has no place in a datagram, from senders that frame for TCP whatever the transport.
  const counted = /^[1-9]\d{0,6} (?=<)/.exec(text.slice(0, 9));
  return counted === null ? 0 : counted[0].length;
}

/** Gives the position behind the PRI, or `at` where there is none; a PRI out of range is the message's reason. */
function readPriority(text: string, at: number, message: SyslogMessage): number {
  if (codeAt(text, at) !== LESS) return at;
  let value = 0;
  let position = at + 1;
  for (; position < at + 4; position++) {
    const code = codeAt(text, position);
    if (!isDigit(code)) break;
    value = value * 10 + code - ZERO;
  }
  if (codeAt(text, position) !== GREATER || position === at + 1) return at;
  if (value > maxPriority) {
    message.reason = 'priority';
    return at;
  }
  message.facility = value >> 3;
  message.severity = value & 7;
  return position + 1;
}
