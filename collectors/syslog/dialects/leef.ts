import { EQUALS, PIPE, TAB, codeAt } from '../characters.ts';
import type { Arrival, KeyValues, SyslogMessage } from '../message.ts';
import { takeDeviceTime } from './device-time.ts';
import { valueOf } from './key-values.ts';

const headerKeys = ['deviceVendor', 'deviceProduct', 'deviceVersion', 'eventId'];
const maxPairs = 512;

/** IBM's Log Event Extended Format, 1.0 (tabs) and 2.0 (which names its delimiter, as a character or in hexadecimal). */
export function readLeef(message: SyslogMessage, arrival: Arrival): boolean {
  const text = message.text;
  if (!text.startsWith('LEEF:')) return false;
  const fields: KeyValues = [];
  let position = text.indexOf('|');
  if (position < 0 || position > 12) return false;
  for (const key of headerKeys) {
    const end = text.indexOf('|', position + 1);
    if (end < 0) return false;
    fields.push(key, text.slice(position + 1, end));
    position = end;
  }
  let delimiter = TAB;
  if (text.startsWith('LEEF:2')) {
    const end = text.indexOf('|', position + 1);
    if (end >= 0 && end - position <= 6) {
      delimiter = readDelimiter(text.slice(position + 1, end));
      position = end;
    }
  } else if (!text.includes('\t') && text.indexOf('|', position + 1) > 0) delimiter = PIPE;
  message.dialect = 'leef';
  message.vendor = fields[1];
  message.mnemonic = fields[7];
  readAttributes(text, position + 1, delimiter, fields);
  message.fields = fields;
  if (message.reason === 'structured-data') message.reason = undefined;
  takeDeviceTime(message, valueOf(fields, 'devTime') ?? '', arrival);
  return true;
}

/** `^`, `0x5E`, `x5E`; nothing is a tab. */
function readDelimiter(value: string): number {
  const hexadecimal = /^0?x([0-9a-fA-F]{2,4})$/.exec(value)?.[1];
  if (hexadecimal !== undefined) return Number.parseInt(hexadecimal, 16);
  return value.length === 0 ? TAB : codeAt(value, 0);
}

function readAttributes(text: string, at: number, delimiter: number, fields: KeyValues): void {
  const separator = String.fromCharCode(delimiter);
  let position = at;
  while (position < text.length && fields.length < maxPairs * 2) {
    const next = text.indexOf(separator, position);
    const end = next < 0 ? text.length : next;
    let equals = position;
    while (equals < end && codeAt(text, equals) !== EQUALS) equals++;
    if (equals > position && equals < end)
      fields.push(text.slice(position, equals).trim(), text.slice(equals + 1, end));
    position = end + 1;
  }
}
