import { CLOSE_BRACKET, COMMA, SPACE, findCode, skipSpaces } from '../characters.ts';
import { readTag } from '../header/host-and-tag.ts';
import { fixed, isText, startsWith } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { readKeyValues } from './key-values.ts';

const UBIQUITI = fixed('ubiquiti');
const KERNEL = fixed('kernel');
const INPUT = fixed('IN=');
const identityKeys = ['model', 'mac', 'firmware'].map(fixed);
/** Model, MAC address and firmware, which UniFi access points and switches send in place of a host name. */
const identity = /^\(?"?([A-Za-z0-9-]{2,24}),([0-9a-fA-F]{12}),v?(\d[\w.+-]{1,40})"?\)?:? /d;
const longestIdentity = 112;
/** Netfilter of any Linux writes such pairs; the name of the rule set, its number and D, R or A is Ubiquiti's (Vyatta's). */
const ruleName = /-(?:\d{1,6}|default)-[DRA]$/;

/** UniFi's identity, and the netfilter lines of EdgeOS and UniFi gateways (`[WAN_LOCAL-default-D]IN=eth0 OUT= …`). */
export function readUbiquiti(message: ParsedMessage): boolean {
  return readIdentity(message) || readRule(message);
}

function readIdentity(message: ParsedMessage): boolean {
  const { bytes, textStart, end } = message;
  const comma = findCode(bytes, COMMA, textStart, Math.min(end, textStart + 27));
  if (comma < textStart + 2) return false;
  const found = identity.exec(message.latin1(textStart, Math.min(end, textStart + longestIdentity)));
  if (found === null) return false;
  message.recognise(UBIQUITI, UBIQUITI);
  for (const [index, key] of identityKeys.entries()) {
    const [from, to] = found.indices?.[index + 1] ?? [0, 0];
    message.addField(key, textStart + from, textStart + to);
  }
  lowerCase(message, 1);
  message.textStart = readTag(message, skipSpaces(bytes, textStart + found[0].length));
  return true;
}

/** MAC addresses are compared in small letters. `fromLast`: which field, counted from the last. */
function lowerCase(message: ParsedMessage, fromLast: number): void {
  const index = message.fields.count - 1 - fromLast;
  if (index < 0) return;
  const { bytes, fields } = message;
  // Letters and digits alone stand here: in place, since no other text of the message is made of it.
  for (let at = fields.valueStart(index); at < fields.valueEnd(index); at++) bytes[at] = bytes[at]! | 0x20;
}

function readRule(message: ParsedMessage): boolean {
  const { bytes, textStart } = message;
  if (!isText(bytes, message.appStart, message.appEnd, KERNEL)) return false;
  const end = findCode(bytes, CLOSE_BRACKET, textStart, Math.min(message.end, textStart + 65));
  if (end < textStart + 2 || !startsWith(bytes, skipSpaces(bytes, end + 1), INPUT)) return false;
  if (!ruleName.test(message.latin1(textStart + 1, end))) return false;
  message.recognise(UBIQUITI, UBIQUITI);
  message.setMnemonic(textStart + 1, end);
  readKeyValues(message, end + 1, message.end, SPACE);
  return true;
}
