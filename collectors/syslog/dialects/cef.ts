import { BACKSLASH, EQUALS, PIPE, SPACE, isNameCharacter, skipSpaces, codeAt } from '../characters.ts';
import type { Arrival, KeyValues, SyslogMessage } from '../message.ts';
import { takeDeviceTime } from './device-time.ts';
import { valueOf } from './key-values.ts';

const headerKeys = ['deviceVendor', 'deviceProduct', 'deviceVersion', 'signatureId', 'name', 'severity'];
const maxPairs = 512;

/** ArcSight's Common Event Format: `CEF:0|vendor|product|version|signature|name|severity|key=value key=value`. */
export function readCef(message: SyslogMessage, arrival: Arrival): boolean {
  const text = message.text;
  if (!text.startsWith('CEF:')) return false;
  const fields: KeyValues = [];
  let position = text.indexOf('|', skipSpaces(text, 4));
  if (position < 0 || position > 12) return false;
  for (const key of headerKeys) {
    const end = endOfHeaderField(text, position + 1);
    if (end < 0) return false;
    fields.push(key, unescapeValue(text.slice(position + 1, end)));
    position = end;
  }
  message.dialect = 'cef';
  message.vendor = fields[1];
  message.mnemonic = fields[7];
  readExtension(text, position + 1, fields);
  message.fields = fields;
  if (message.reason === 'structured-data') message.reason = undefined;
  message.hostname ??= valueOf(fields, 'dvchost');
  if (message.timestampMicros === undefined) {
    takeDeviceTime(message, valueOf(fields, 'rt') ?? valueOf(fields, 'start') ?? '', arrival);
  }
  return true;
}

function endOfHeaderField(text: string, at: number): number {
  for (let position = at; position < text.length; position++) {
    const code = codeAt(text, position);
    if (code === PIPE) return position;
    if (code === BACKSLASH) position++;
  }
  return -1;
}

/** A value runs up to the last space before the next `key=`: values hold spaces, keys do not. */
function readExtension(text: string, at: number, fields: KeyValues): void {
  let valueAt = -1;
  let wordAt = at;
  let isName = true;
  for (let position = at; position < text.length && fields.length < maxPairs * 2; position++) {
    const code = codeAt(text, position);
    if (code === SPACE) {
      wordAt = position + 1;
      isName = true;
    } else if (code === EQUALS && isName && position > wordAt) {
      if (valueAt >= 0) fields.push(unescapeValue(text.slice(valueAt, Math.max(valueAt, wordAt - 1)).trimEnd()));
      fields.push(text.slice(wordAt, position));
      valueAt = position + 1;
      isName = false;
    } else if (code === BACKSLASH) {
      position++;
      isName = false;
    } else if (!isNameCharacter(code) && code !== 0x5b && code !== 0x5d) isName = false;
  }
  if (fields.length % 2 === 1) fields.push(unescapeValue(text.slice(valueAt)));
}

function unescapeValue(value: string): string {
  return value.includes('\\') ? value.replace(/\\([|=\\nr])/g, (_, escaped: string) => unescaped(escaped)) : value;
}

function unescaped(character: string): string {
  if (character === 'n') return '\n';
  return character === 'r' ? '\r' : character;
}
