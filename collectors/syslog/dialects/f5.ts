import { COLON, COMMA, SPACE, isDigit, codeAt } from '../characters.ts';
import { readTag } from '../host-and-tag.ts';
import type { KeyValues, SyslogMessage } from '../message.ts';
import { readKeyValues } from './key-values.ts';

/** The words between host and tag. */
export const f5Levels = new Set([
  'emerg',
  'alert',
  'crit',
  'err',
  'error',
  'warning',
  'warn',
  'notice',
  'info',
  'debug',
]);

/** BIG-IP names the level between host and tag: `host notice mcpd[6760]: 01070417:5: text`. */
export function readF5(message: SyslogMessage): boolean {
  const text = message.text;
  if (text.startsWith(',f5_irule=')) {
    message.fields = readKeyValues(text, 0, COMMA);
    recognised(message);
    return true;
  }
  if (message.appName === undefined) {
    const space = text.indexOf(' ');
    if (space < 0 || space > 8 || !f5Levels.has(text.slice(0, space))) return false;
    const after = readTag(text, space + 1, message);
    if (message.procId === undefined) {
      message.appName = undefined;
      return false;
    }
    message.text = text.slice(after);
    readCode(message);
    recognised(message);
    return true;
  }
  if (!readCode(message)) return false;
  recognised(message);
  return true;
}

/** The pairs of its logging profiles begin with a name of its own. */
export function takeF5(message: SyslogMessage, fields: KeyValues): boolean {
  if (fields[0] !== 'f5_asm' && fields[0] !== 'f5_irule') return false;
  recognised(message);
  return true;
}

function recognised(message: SyslogMessage): void {
  message.dialect = 'f5';
  message.vendor = 'f5';
  // A blade of a chassis puts its slot before the name of the host.
  if (message.hostname?.startsWith('slot') === true) message.hostname = message.hostname.replace(/^slot\d{1,2}\//, '');
}

/** `01070417:5: `: the message's code and its level. */
function readCode(message: SyslogMessage): boolean {
  const text = message.text;
  for (let index = 0; index < 8; index++) {
    const code = codeAt(text, index);
    if (!isDigit(code) && !(code >= 0x61 && code <= 0x66)) return false;
  }
  if (codeAt(text, 8) !== COLON || !isDigit(codeAt(text, 9)) || codeAt(text, 10) !== COLON) return false;
  message.mnemonic = text.slice(0, 8);
  message.text = text.slice(codeAt(text, 11) === SPACE ? 12 : 11);
  return true;
}
