import {
  COLON,
  NUL,
  OPEN_BRACKET,
  OPEN_PARENTHESIS,
  PERCENT,
  SLASH,
  SPACE,
  ZERO,
  findCode,
  isDigit,
  nextCharacter,
  readDigits,
  skipSpaces,
} from '../characters.ts';
import { type FixedText, fixed } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';

const HUAWEI = fixed('huawei');
const H3C = fixed('h3c');
const TYPE = fixed('type');
const SERIAL = fixed('serial');
const CLOSE_PARENTHESIS = 0x29;
const CLOSE_BRACKET = 0x5d;
const maxMnemonic = 160;

/** `%%01IFNET/4/LINK_STATE(l)[12]: text` of Huawei's VRP, and `%%10…` of H3C's and HPE's Comware. */
export function readHuaweiMnemonic(message: ParsedMessage): boolean {
  const { bytes, textStart } = message;
  if (bytes[textStart] !== PERCENT || bytes[textStart + 1] !== PERCENT) return false;
  const version = readDigits(bytes, textStart + 2, 2);
  const moduleStart = textStart + 4;
  const moduleEnd = findCode(bytes, SLASH, moduleStart, Math.min(message.end, textStart + 65));
  if (version < 0 || moduleEnd <= moduleStart) return false;
  if (!isDigit(bytes[moduleEnd + 1]!) || bytes[moduleEnd + 2] !== SLASH) return false;
  let end = moduleEnd + 3;
  while (end < textStart + maxMnemonic && !endsMnemonic(bytes[end]!)) end++;
  if (end === moduleEnd + 3) return false;
  end = nextCharacter(bytes, end);
  message.recognise(HUAWEI, version === 10 ? H3C : HUAWEI);
  message.setMnemonic(moduleStart, end);
  if (!message.hasApp) message.setApp(moduleStart, moduleEnd);
  if (message.severity < 0) message.severity = Math.min(7, bytes[moduleEnd + 1]! - ZERO);
  message.textStart = skipSpaces(bytes, readBehind(message, end));
  return true;
}

function endsMnemonic(code: number): boolean {
  return code === OPEN_PARENTHESIS || code === OPEN_BRACKET || code === COLON || code === SPACE || code === NUL;
}

/** `(l)` is the type of information, log, trap or debugging; `[12]` a serial number. */
function readBehind(message: ParsedMessage, at: number): number {
  const { bytes } = message;
  let position = at;
  if (bytes[position] === OPEN_PARENTHESIS) {
    const next = readEnclosed(message, position, CLOSE_PARENTHESIS, 8, TYPE);
    if (next < 0) return position;
    position = next;
  }
  if (bytes[position] === OPEN_BRACKET) {
    const next = readEnclosed(message, position, CLOSE_BRACKET, 16, SERIAL);
    if (next < 0) return position;
    position = next;
  }
  const colon = skipSpaces(bytes, position);
  return bytes[colon] === COLON ? colon + 1 : position;
}

/** The position behind the closing character, or -1. */
function readEnclosed(message: ParsedMessage, at: number, close: number, longest: number, key: FixedText): number {
  const end = findCode(message.bytes, close, at, Math.min(message.end, at + longest + 1));
  if (end < 0) return -1;
  message.addField(key, at + 1, end);
  return end + 1;
}
