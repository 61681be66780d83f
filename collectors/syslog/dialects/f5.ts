import { COLON, COMMA, SLASH, SPACE, findCode, isDigit } from '../characters.ts';
import { readTag } from '../header/host-and-tag.ts';
import { fixed, startsWith } from '../message/fixed-text.ts';
import { nameSet } from '../message/name-table.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { readKeyValues } from './key-values.ts';

/** The words between host and tag. */
export const f5Levels = ['emerg', 'alert', 'crit', 'err', 'error', 'warning', 'warn', 'notice', 'info', 'debug'];
const levels = nameSet(f5Levels);
const F5 = fixed('f5');
const IRULE = fixed(',f5_irule=');
const IRULE_KEY = fixed('f5_irule');
const ASM_KEY = fixed('f5_asm');
const SLOT = fixed('slot');
const codeLength = 8;

/** BIG-IP names the level between host and tag: `host notice mcpd[6760]: 01070417:5: text`. */
export function readF5(message: ParsedMessage): boolean {
  const { bytes, textStart, end } = message;
  if (bytes[textStart] === COMMA && startsWith(bytes, textStart, IRULE)) {
    readKeyValues(message, textStart, end, COMMA);
    recognised(message);
    return true;
  }
  if (!message.hasApp) return readBehindLevel(message);
  if (!readCode(message)) return false;
  recognised(message);
  return true;
}

/** The pairs of its logging profiles begin with a name of its own. */
export function takeF5(message: ParsedMessage, first: number): boolean {
  const { bytes, fields } = message;
  if (!fields.isKey(bytes, first, ASM_KEY) && !fields.isKey(bytes, first, IRULE_KEY)) return false;
  recognised(message);
  return true;
}

function readBehindLevel(message: ParsedMessage): boolean {
  const { bytes, textStart } = message;
  const space = findCode(bytes, SPACE, textStart, Math.min(message.end, textStart + 9));
  if (space < 0 || levels.find(bytes, textStart, space) === undefined) return false;
  const after = readTag(message, space + 1);
  if (message.procEnd <= message.procStart) {
    message.setApp(0, 0);
    return false;
  }
  message.textStart = after;
  readCode(message);
  recognised(message);
  return true;
}

function recognised(message: ParsedMessage): void {
  message.recognise(F5, F5);
  // A blade of a chassis puts its slot before the name of the host: slot1/bigip1.
  const { bytes, hostStart, hostEnd } = message;
  if (hostEnd <= hostStart || !startsWith(bytes, hostStart, SLOT)) return;
  let at = hostStart + SLOT.end - SLOT.start;
  const digits = at;
  while (isDigit(bytes[at]!) && at < digits + 2) at++;
  if (at > digits && bytes[at] === SLASH) message.setHost(at + 1, hostEnd);
}

/** `01070417:5: `: the message's code and its level. */
function readCode(message: ParsedMessage): boolean {
  const { bytes, textStart } = message;
  const end = textStart + codeLength;
  for (let index = textStart; index < end; index++) {
    const code = bytes[index]!;
    if (!isDigit(code) && !(code >= 0x61 && code <= 0x66)) return false;
  }
  if (bytes[end] !== COLON || !isDigit(bytes[end + 1]!) || bytes[end + 2] !== COLON) return false;
  message.setMnemonic(textStart, end);
  message.textStart = bytes[end + 3] === SPACE ? end + 4 : end + 3;
  return true;
}
