import { COLON, OPEN_BRACKET, SLASH, SPACE, isDigit, readDigits, skipSpaces, codeAt } from '../characters.ts';
import { addField, type SyslogMessage } from '../message.ts';

/** `%%01IFNET/4/LINK_STATE(l)[12]: text` of Huawei's VRP, and `%%10…` of H3C's and HPE's Comware. */
export function readHuaweiMnemonic(message: SyslogMessage): boolean {
  const text = message.text;
  if (!text.startsWith('%%')) return false;
  const version = readDigits(text, 2, 2);
  const module = text.indexOf('/', 4);
  if (version < 0 || module < 5 || module > 64) return false;
  if (!isDigit(codeAt(text, module + 1)) || codeAt(text, module + 2) !== SLASH) return false;
  let end = module + 3;
  while (end < text.length && end < 160 && !endsMnemonic(codeAt(text, end))) end++;
  if (end === module + 3) return false;
  message.dialect = 'huawei';
  message.vendor = version === 10 ? 'h3c' : 'huawei';
  message.mnemonic = text.slice(4, end);
  message.appName ??= text.slice(4, module);
  if (message.severity === undefined) message.severity = Math.min(7, codeAt(text, module + 1) - 0x30);
  message.text = text.slice(skipSpaces(text, readBehind(text, end, message)));
  return true;
}

function endsMnemonic(code: number): boolean {
  return code === 0x28 || code === OPEN_BRACKET || code === COLON || code === SPACE;
}

/** `(l)` is the type of information, log, trap or debugging; `[12]` a serial number. */
function readBehind(text: string, at: number, message: SyslogMessage): number {
  let position = at;
  if (codeAt(text, position) === 0x28) {
    const close = text.indexOf(')', position);
    if (close < 0 || close > position + 8) return position;
    addField(message, 'type', text.slice(position + 1, close));
    position = close + 1;
  }
  if (codeAt(text, position) === OPEN_BRACKET) {
    const close = text.indexOf(']', position);
    if (close < 0 || close > position + 16) return position;
    addField(message, 'serial', text.slice(position + 1, close));
    position = close + 1;
  }
  return codeAt(text, skipSpaces(text, position)) === COLON ? skipSpaces(text, position) + 1 : position;
}
