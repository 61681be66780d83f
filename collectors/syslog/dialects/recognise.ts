import { COMMA, OPEN_BRACKET, PERCENT, isDigit, isLetter } from '../characters.ts';
import type { Arrival, SyslogMessage } from '../message.ts';
import { readCef } from './cef.ts';
import { readCheckPoint } from './check-point.ts';
import { readCiscoIse } from './cisco-ise.ts';
import { readCiscoMnemonic } from './cisco.ts';
import { readF5 } from './f5.ts';
import { readFortinet } from './fortinet.ts';
import { readGenericKeyValues } from './generic-key-values.ts';
import { readHpPrinter } from './hp-printer.ts';
import { readHuaweiMnemonic } from './huawei.ts';
import { readJson } from './json.ts';
import { readJuniper } from './juniper.ts';
import { readLeef } from './leef.ts';
import { readMeraki } from './meraki.ts';
import { readMikroTik } from './mikrotik.ts';
import { readPaloAlto } from './palo-alto.ts';
import { readSonicWall } from './sonicwall.ts';
import { readSquid } from './squid.ts';
import { readStructured } from './structured.ts';
import { readUbiquiti } from './ubiquiti.ts';
import { readVMware } from './vmware.ts';
import { readWindows } from './windows.ts';

/**
 * Looks at the first bytes of the message part, and at the tag, for a maker's dialect, and fills vendor, mnemonic and fields.
 * What is not recognised stays as the plain parse left it.
 */
export function recogniseDialect(message: SyslogMessage, arrival: Arrival): void {
  if (message.structuredData !== undefined && readStructured(message, arrival)) return;
  const first = message.text.charCodeAt(0);
  if (isLetter(first)) recogniseWord(message, arrival);
  else if (isDigit(first)) recogniseDigit(message, arrival);
  else if (first === PERCENT) recogniseMnemonic(message);
  else if (first === 0x7b) readJson(message, arrival);
  else if (first === OPEN_BRACKET) recogniseBracket(message, arrival);
  else if (first === COMMA) readF5(message);
  else if (first === 0x28) readUbiquiti(message);
}

function recogniseMnemonic(message: SyslogMessage): boolean {
  return readHuaweiMnemonic(message) || readJuniper(message) || readCiscoMnemonic(message);
}

function recogniseDigit(message: SyslogMessage, arrival: Arrival): boolean {
  return (
    readPaloAlto(message, arrival) ||
    readF5(message) ||
    readSquid(message, arrival) ||
    readCiscoIse(message, arrival) ||
    readWindows(message) ||
    readVMware(message)
  );
}

function recogniseBracket(message: SyslogMessage, arrival: Arrival): boolean {
  return readUbiquiti(message) || readVMware(message) || readCheckPoint(message, arrival);
}

function recogniseWord(message: SyslogMessage, arrival: Arrival): boolean {
  const text = message.text;
  if (text.startsWith('CEF:')) return readCef(message, arrival);
  if (text.startsWith('LEEF:')) return readLeef(message, arrival);
  const space = text.indexOf(' ');
  const equals = text.indexOf('=');
  if (equals > 0 && (space < 0 || equals < space)) return recogniseKeyValues(message, arrival);
  if (message.appName !== undefined) return recogniseTag(message, arrival);
  return (
    readF5(message) ||
    readMeraki(message) ||
    readMikroTik(message) ||
    readUbiquiti(message) ||
    readCiscoIse(message, arrival) ||
    readWindows(message)
  );
}

function recogniseTag(message: SyslogMessage, arrival: Arrival): boolean {
  return (
    readJuniper(message) ||
    readVMware(message) ||
    readF5(message) ||
    readHpPrinter(message, arrival) ||
    readWindows(message)
  );
}

function recogniseKeyValues(message: SyslogMessage, arrival: Arrival): boolean {
  return (
    readFortinet(message, arrival) ||
    readSonicWall(message, arrival) ||
    (message.text.startsWith('time=') && readCheckPoint(message, arrival)) ||
    readF5(message) ||
    readGenericKeyValues(message, arrival)
  );
}
