import { COMMA } from '../characters.ts';
import { addField, type Arrival, type SyslogMessage } from '../message.ts';
import { takeDeviceTime } from './device-time.ts';
import { readKeyValues } from './key-values.ts';

/**
 * Identity Services Engine and its forebear ACS. A long message is sent in several parts:
 * `CISE_category id parts part [date time zone sequence code level class: text, key=value, key=value, …]`.
 */
export function readCiscoIse(message: SyslogMessage, arrival: Arrival): boolean {
  const hasTag = message.appName !== undefined;
  const space = message.text.indexOf(' ');
  const name = hasTag ? message.appName! : message.text.slice(0, space < 0 ? 0 : Math.min(space, 64));
  if (!name.startsWith('CISE_') && !name.startsWith('CSCOacs_')) return false;
  const text = hasTag ? message.text : message.text.slice(space + 1);
  const words = text.slice(0, 256).split(' ', 9);
  if (!/^\d+$/.test(words[0]!) || words.length < 3) return false;
  message.dialect = 'cisco-ise';
  message.vendor = 'cisco';
  message.appName = name;
  message.text = text;
  addField(message, 'messageId', words[0]!);
  addField(message, 'parts', words[1]!);
  addField(message, 'part', words[2]!);
  if (words.length === 9 && takeDeviceTime(message, `${words[3]} ${words[4]} ${words[5]}`, arrival)) {
    message.mnemonic = words[7];
    addField(message, 'level', words[8]!);
  }
  const pairs = readKeyValues(text, Math.max(0, text.indexOf(', ')), COMMA);
  if (pairs !== undefined) message.fields!.push(...pairs);
  return true;
}
