import { COLON, COMMA, SPACE, isDigit } from '../characters.ts';
import { readTag } from '../host-and-tag.ts';
import type { SyslogMessage } from '../message.ts';
import { readKeyValues } from './key-values.ts';

const levels = new Set(['emerg', 'alert', 'crit', 'err', 'error', 'warning', 'warn', 'notice', 'info', 'debug']);

/** BIG-IP names the level between host and tag: `host notice mcpd[6760]: 01070417:5: text`. */
export function readF5(message: SyslogMessage): boolean {
  const text = message.text;
  if (text.startsWith(',f5_irule=') || text.startsWith('f5_asm=')) {
    message.fields = readKeyValues(text, 0, COMMA);
    recognised(message);
    return true;
  }
  if (message.appName === undefined) {
    const space = text.indexOf(' ');
    if (space < 0 || space > 8 || !levels.has(text.slice(0, space))) return false;
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
    const code = text.charCodeAt(index);
    if (!isDigit(code) && !(code >= 0x61 && code <= 0x66)) return false;
  }
  if (text.charCodeAt(8) !== COLON || !isDigit(text.charCodeAt(9)) || text.charCodeAt(10) !== COLON) return false;
  message.mnemonic = text.slice(0, 8);
  message.text = text.slice(text.charCodeAt(11) === SPACE ? 12 : 11);
  return true;
}
