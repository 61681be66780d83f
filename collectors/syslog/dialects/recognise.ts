import {
  COMMA,
  EQUALS,
  NUL,
  OPEN_BRACE,
  OPEN_BRACKET,
  OPEN_PARENTHESIS,
  PERCENT,
  SPACE,
  isDigit,
  isLetter,
} from '../characters.ts';
import { startsPayload } from '../header/host-and-tag.ts';
import type { Arrival } from '../message.ts';
import { fixed, startsWith } from '../message/fixed-text.ts';
import { NameTable } from '../message/name-table.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { readCef } from './cef.ts';
import { readCheckPoint } from './check-point.ts';
import { readCiscoIse } from './cisco-ise.ts';
import { readCiscoMnemonic } from './cisco.ts';
import { f5Levels, readF5 } from './f5.ts';
import { readHpPrinter } from './hp-printer.ts';
import { readHuaweiMnemonic } from './huawei.ts';
import { readJson } from './json.ts';
import { junosDaemons, readJuniper } from './juniper.ts';
import { readKeyValueText } from './key-value-text.ts';
import { readLeef } from './leef.ts';
import { merakiKinds, readMeraki } from './meraki.ts';
import { readMikroTik } from './mikrotik.ts';
import { readPaloAlto } from './palo-alto.ts';
import { readSquid } from './squid.ts';
import { readStructured } from './structured.ts';
import { readUbiquiti } from './ubiquiti.ts';
import { readVMware, vmwarePrograms } from './vmware.ts';
import { readWindows } from './windows.ts';

type Reader = (message: ParsedMessage, arrival: Arrival) => boolean;

const SNARE = fixed('MSWinEventLog');
const LINE_CARD = fixed('fpc');
const ISE = fixed('CISE_');
const LOWER_F = 0x66;
const UPPER_M = 0x4d;
const UPPER_S = 0x53;
const longestFirstWord = 112;

/** What a tag may belong to; a set of names for each would have to be asked one after the other. */
const tagReaders = new NameTable<Reader>([
  ...named(junosDaemons, readJuniper),
  ...named(vmwarePrograms, readVMware),
  ...named(['printer', 'scanner'], readHpPrinter),
  ...named([SNARE.text], readWindows),
]);
/** What the first word may belong to where there is no tag. */
const wordReaders = new NameTable<Reader>([...named(f5Levels, readF5), ...named(merakiKinds, readMeraki)]);

function named(names: readonly string[], read: Reader): [string, Reader][] {
  return names.map((name) => [name, read]);
}

/**
 * Looks at the first bytes of the message part, and at the tag, for a maker's dialect, and fills vendor, mnemonic and fields.
 * What is not recognised stays as the plain parse left it.
 */
export function recogniseDialect(message: ParsedMessage, arrival: Arrival): void {
  if (message.elements.count > 0 && readStructured(message, arrival)) return;
  const first = message.bytes[message.textStart]!;
  if (isLetter(first)) recogniseWord(message, arrival);
  else if (first === PERCENT) recogniseMnemonic(message, arrival);
  else if (isDigit(first)) recogniseDigit(message, arrival);
  else if (first === OPEN_BRACE) readJson(message, arrival);
  else if (first === OPEN_BRACKET) recogniseBracket(message, arrival);
  else if (first === COMMA) readF5(message);
  else if (first === OPEN_PARENTHESIS) readUbiquiti(message);
}

function recogniseMnemonic(message: ParsedMessage, arrival: Arrival): boolean {
  return (
    readHuaweiMnemonic(message) || (message.hasApp && recogniseTag(message, arrival)) || readCiscoMnemonic(message)
  );
}

function recogniseDigit(message: ParsedMessage, arrival: Arrival): boolean {
  return (
    readPaloAlto(message, arrival) ||
    readF5(message) ||
    readSquid(message, arrival) ||
    readCiscoIse(message, arrival) ||
    (message.hasApp && recogniseTag(message, arrival))
  );
}

function recogniseBracket(message: ParsedMessage, arrival: Arrival): boolean {
  return readUbiquiti(message) || readVMware(message) || readCheckPoint(message, arrival);
}

function recogniseWord(message: ParsedMessage, arrival: Arrival): boolean {
  const { bytes, textStart } = message;
  if (startsPayload(bytes, textStart)) return readCef(message, arrival) || readLeef(message, arrival);
  let end = textStart;
  let hasComma = false;
  for (; ; end++) {
    const code = bytes[end]!;
    if (code === EQUALS) return readKeyValueText(message, arrival);
    if (code === COMMA) hasComma = true;
    else if (code === SPACE || code === NUL) break;
  }
  if (message.hasApp) return recogniseTag(message, arrival);
  if (end === message.end || end - textStart > longestFirstWord)
    return startsWith(bytes, textStart, SNARE) && readWindows(message);
  return recogniseFirstWord(message, end, hasComma, arrival);
}

function recogniseTag(message: ParsedMessage, arrival: Arrival): boolean {
  const { bytes, appStart, appEnd } = message;
  const read = tagReaders.find(bytes, appStart, appEnd);
  if (read !== undefined) return read(message, arrival);
  // Nearly every message of a daemon comes by here: its first letters rule out the rest.
  const first = bytes[appStart];
  if (first === LOWER_F && startsWith(bytes, appStart, LINE_CARD)) return readJuniper(message);
  if (first !== UPPER_M && first !== UPPER_S && bytes[message.textStart] !== UPPER_M && message.elements.count === 0)
    return readF5(message);
  return readF5(message) || readWindows(message);
}

function recogniseFirstWord(message: ParsedMessage, end: number, hasComma: boolean, arrival: Arrival): boolean {
  const { bytes, textStart } = message;
  const read = wordReaders.find(bytes, textStart, end);
  if (read !== undefined) return read(message, arrival);
  if (hasComma) return readMikroTik(message) || readUbiquiti(message);
  if (startsWith(bytes, textStart, ISE)) return readCiscoIse(message, arrival);
  return startsWith(bytes, textStart, SNARE) && readWindows(message);
}
