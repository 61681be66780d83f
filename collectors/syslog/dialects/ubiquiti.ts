import { CLOSE_BRACKET, SPACE, skipSpaces, codeAt } from '../characters.ts';
import { readTag } from '../host-and-tag.ts';
import { addField, type SyslogMessage } from '../message.ts';
import { readKeyValues } from './key-values.ts';

/** Model, MAC address and firmware, which UniFi access points and switches send in place of a host name. */
const identity = /^\(?"?([A-Za-z0-9-]{2,24}),([0-9a-fA-F]{12}),v?(\d[\w.+-]{1,40})"?\)?:? /;

/** UniFi's identity, and the netfilter lines of EdgeOS and UniFi gateways (`[WAN_LOCAL-default-D]IN=eth0 OUT= …`). */
export function readUbiquiti(message: SyslogMessage): boolean {
  return readIdentity(message) || readRule(message);
}

function readIdentity(message: SyslogMessage): boolean {
  const comma = message.text.indexOf(',');
  if (comma < 2 || comma > 26) return false;
  const found = identity.exec(message.text.slice(0, 112));
  if (found === null) return false;
  message.dialect = 'ubiquiti';
  message.vendor = 'ubiquiti';
  addField(message, 'model', found[1]!);
  addField(message, 'mac', found[2]!.toLowerCase());
  addField(message, 'firmware', found[3]!);
  message.text = message.text.slice(readTag(message.text, skipSpaces(message.text, found[0].length), message));
  return true;
}

function readRule(message: SyslogMessage): boolean {
  const text = message.text;
  const end = text.indexOf(']');
  if (message.appName !== 'kernel' || end < 2 || end > 64 || !text.startsWith('IN=', skipSpaces(text, end + 1)))
    return false;
  const rule = text.slice(1, end);
  // Netfilter of any Linux writes such pairs; the name of the rule set, its number and D, R or A is Ubiquiti's (Vyatta's).
  if (codeAt(text, end) !== CLOSE_BRACKET || !/-(?:\d{1,6}|default)-[DRA]$/.test(rule)) return false;
  message.dialect = 'ubiquiti';
  message.vendor = 'ubiquiti';
  message.mnemonic = rule;
  message.fields = readKeyValues(text, end + 1, SPACE);
  return true;
}
