import { DOT, MINUS, SLASH, SPACE, findCode, isDigit } from '../characters.ts';
import type { Arrival } from '../message.ts';
import { fixed } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { takeDeviceTime } from './device-time.ts';

const SQUID = fixed('squid');
const keys = ['elapsed', 'client', 'result', 'bytes', 'method', 'url', 'user', 'hierarchy', 'contentType'].map(fixed);
const maxWords = 12;
const spans = new Int32Array(2 * maxWords);

/** Squid's access log, which Cisco's Web Security Appliance writes too: `1772709753.456 382 192.0.2.7 TCP_MISS/200 4646 GET …`. */
export function readSquid(message: ParsedMessage, arrival: Arrival): boolean {
  const { bytes, textStart } = message;
  if (bytes[textStart + 10] !== DOT || !isDigit(bytes[textStart + 11]!) || bytes[textStart + 14] !== SPACE)
    return false;
  const count = splitWords(message);
  const result = findResult(message, count);
  if (result < 0 || !takeDeviceTime(message, spans[0]!, spans[1]!, arrival)) return false;
  message.dialect = SQUID;
  message.setMnemonic(spans[2 * result]!, spans[2 * result + 1]!);
  for (const [index, key] of keys.entries()) {
    if (index + 1 < count) message.addField(key, spans[2 * index + 2]!, spans[2 * index + 3]!);
  }
  return true;
}

/** `TCP_MISS/200` among the words 2 to 4, or -1. */
function findResult(message: ParsedMessage, count: number): number {
  for (let index = 2; index < Math.min(5, count); index++) {
    const start = spans[2 * index]!;
    const end = spans[2 * index + 1]!;
    if (findCode(message.bytes, SLASH, start, end) < 0 || end - start > 64) continue;
    if (/^(?:TCP|UDP|NONE|OTHER)[A-Z_]*\/\d{3}$/.test(message.latin1(start, end))) return index;
  }
  return -1;
}

/** Words that are not `-`; gives how many there are. */
function splitWords(message: ParsedMessage): number {
  const { bytes, end: limit } = message;
  let count = 0;
  let position = message.textStart;
  for (let turn = 0; turn < maxWords && position < limit; turn++) {
    const space = findCode(bytes, SPACE, position, limit);
    const end = space < 0 ? limit : space;
    const isNothing = end === position || (end === position + 1 && bytes[position] === MINUS);
    if (!isNothing) {
      spans[2 * count] = position;
      spans[2 * count + 1] = end;
      count++;
    }
    position = end + 1;
  }
  return count;
}
