import { COMMA, OPEN_BRACKET, PERCENT, isDigit, isLetter, codeAt } from '../characters.ts';
import { startsPayload } from '../host-and-tag.ts';
import type { Arrival, SyslogMessage } from '../message.ts';
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

const OPEN_BRACE = 0x7b;
const OPEN_PARENTHESIS = 0x28;

/** What a tag may belong to; a set of names for each would have to be asked one after the other. */
const tagReaders = new Map<string, (message: SyslogMessage, arrival: Arrival) => boolean>();
for (const name of junosDaemons) tagReaders.set(name, readJuniper);
for (const name of vmwarePrograms) tagReaders.set(name, readVMware);
for (const name of ['printer', 'scanner']) tagReaders.set(name, readHpPrinter);
tagReaders.set('MSWinEventLog', readWindows);

/** What the first word may belong to where there is no tag. */
const wordReaders = new Map<string, (message: SyslogMessage, arrival: Arrival) => boolean>();
for (const name of f5Levels) wordReaders.set(name, readF5);
for (const name of merakiKinds) wordReaders.set(name, readMeraki);

/**
 * Looks at the first bytes of the message part, and at the tag, for a maker's dialect, and fills vendor, mnemonic and fields.
 * The text must be the end of `whole`, the message as it was sent. What is not recognised stays as the plain parse left it.
 */
export function recogniseDialect(message: SyslogMessage, whole: string, arrival: Arrival): void {
  if (message.structuredData !== undefined && readStructured(message, arrival)) return;
  const first = codeAt(message.text, 0);
  if (isLetter(first)) recogniseWord(message, whole, arrival);
  else if (first === PERCENT) recogniseMnemonic(message, arrival);
  else if (isDigit(first)) recogniseDigit(message, arrival);
  else if (first === OPEN_BRACE) readJson(message, arrival);
  else if (first === OPEN_BRACKET) recogniseBracket(message, arrival);
  else if (first === COMMA) readF5(message);
  else if (first === OPEN_PARENTHESIS) readUbiquiti(message);
}

function recogniseMnemonic(message: SyslogMessage, arrival: Arrival): boolean {
  return (
    readHuaweiMnemonic(message) ||
    (message.appName !== undefined && recogniseTag(message, message.appName, arrival)) ||
    readCiscoMnemonic(message)
  );
}

function recogniseDigit(message: SyslogMessage, arrival: Arrival): boolean {
  return (
    readPaloAlto(message, arrival) ||
    readF5(message) ||
    readSquid(message, arrival) ||
    readCiscoIse(message, arrival) ||
    (message.appName !== undefined && recogniseTag(message, message.appName, arrival))
  );
}

function recogniseBracket(message: SyslogMessage, arrival: Arrival): boolean {
  return readUbiquiti(message) || readVMware(message) || readCheckPoint(message, arrival);
}

function recogniseWord(message: SyslogMessage, whole: string, arrival: Arrival): boolean {
  const text = message.text;
  const at = whole.length - text.length;
  const space = whole.indexOf(' ', at) - at;
  if (startsPayload(whole, at)) return readCef(message, arrival) || readLeef(message, arrival);
  const equals = whole.indexOf('=', at) - at;
  if (equals > 0 && (space < 0 || equals < space)) return readKeyValueText(message, whole, arrival);
  if (message.appName !== undefined) return recogniseTag(message, message.appName, arrival);
  if (space < 0 || space > 112) return text.startsWith('MSWinEventLog') && readWindows(message);
  return recogniseFirstWord(message, text.slice(0, space), arrival);
}

function recogniseTag(message: SyslogMessage, tag: string, arrival: Arrival): boolean {
  const read = tagReaders.get(tag);
  if (read !== undefined) return read(message, arrival);
  if (tag.startsWith('fpc')) return readJuniper(message);
  return readF5(message) || readWindows(message);
}

function recogniseFirstWord(message: SyslogMessage, word: string, arrival: Arrival): boolean {
  const read = wordReaders.get(word);
  if (read !== undefined) return read(message, arrival);
  if (word.includes(',')) return readMikroTik(message) || readUbiquiti(message);
  if (word.startsWith('CISE_')) return readCiscoIse(message, arrival);
  return word.startsWith('MSWinEventLog') && readWindows(message);
}
