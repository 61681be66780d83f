import { COLON, COMMA, GREATER, MINUS, SPACE, findCode } from '../characters.ts';
import { fixed, startsWith } from '../message/fixed-text.ts';
import { NameTable, nameSet } from '../message/name-table.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';

const MIKROTIK = fixed('mikrotik');
const TOPICS = fixed('topics');
const FIREWALL = fixed('firewall,');
const SOURCE = fixed('src');
const DESTINATION = fixed('dst');
const INPUT = fixed('in');
const OUTPUT = fixed('out');
/** `proto TCP`: the key, a blank, and the rest is the value. */
const wordKeys = ['proto', 'src-mac', 'len'].map((key) => ({ key: fixed(key), start: fixed(`${key} `) }));
const IN_COLON = 'in:';
const OUT_COLON = ' out:';
const maxParts = 16;
const topics = nameSet(
  (
    'account async backup bfd bgp bridge caps certificate ddns dhcp dns dot1x dude e-mail event firewall gsm health hotspot igmp-proxy ' +
    'interface ipsec iscsi isdn kvm l2tp ldp lora lte manager mme mpls ntp ospf ovpn packet poe-out ppp pppoe pptp ptp radius radvd ' +
    'raw read rip route rsvp script sertcp smb snmp sstp state store stp system tftp timer upnp ups vrrp watchdog web-proxy wireguard ' +
    'wireless write'
  ).split(' '),
);
/** RouterOS levels; they are written among the topics. */
const severities = new NameTable([
  ['critical', 2],
  ['error', 3],
  ['warning', 4],
  ['info', 6],
  ['debug', 7],
]);

/** RouterOS: `firewall,info forward: in:ether1 out:bridge, …, 192.0.2.1:1000->198.51.100.2:443, len 60`. */
export function readMikroTik(message: ParsedMessage): boolean {
  const { bytes, textStart } = message;
  const limit = Math.min(message.end, textStart + 65);
  const comma = findCode(bytes, COMMA, textStart, limit);
  const space = findCode(bytes, SPACE, textStart, limit);
  if (comma < textStart + 2 || space < comma || topics.find(bytes, textStart, comma) === undefined) return false;
  const level = findLevel(bytes, comma + 1, space);
  if (level < 0) return false;
  message.recognise(MIKROTIK, MIKROTIK);
  if (!message.hasApp) message.setApp(textStart, comma);
  if (message.severity < 0) message.severity = level;
  message.addField(TOPICS, textStart, space);
  message.textStart = space + 1;
  if (startsWith(bytes, textStart, FIREWALL)) readFirewall(message);
  return true;
}

/** The level among the topics behind the first, or -1. */
function findLevel(bytes: Buffer, at: number, end: number): number {
  let position = at;
  while (position < end) {
    const comma = findCode(bytes, COMMA, position, end);
    const wordEnd = comma < 0 ? end : comma;
    const level = severities.find(bytes, position, wordEnd);
    if (level !== undefined) return level;
    position = wordEnd + 1;
  }
  return -1;
}

/** `chain: in:ether1 out:(unknown 0), src-mac …, proto TCP (SYN), source->destination, len 60`. */
function readFirewall(message: ParsedMessage): void {
  const { bytes, end: limit } = message;
  let position = message.textStart;
  for (let count = 0; position < limit && count < maxParts; count++) {
    let end = position;
    while (end < limit && (bytes[end] !== COMMA || bytes[end + 1] !== SPACE)) end++;
    readPart(message, position, end);
    position = end + 2;
  }
}

function readPart(message: ParsedMessage, start: number, end: number): void {
  const { bytes } = message;
  const arrow = findArrow(bytes, start, end);
  if (arrow > start) {
    message.addField(SOURCE, start, arrow);
    message.addField(DESTINATION, arrow + 2, end);
    return;
  }
  for (const word of wordKeys) {
    if (!startsWith(bytes, start, word.start)) continue;
    message.addField(word.key, start + word.start.end - word.start.start, end);
    return;
  }
  readInterfaces(message, start, end);
}

/** The arrow in a part that is one word; -1 where there is none. */
function findArrow(bytes: Buffer, start: number, end: number): number {
  if (findCode(bytes, SPACE, start, end) >= 0) return -1;
  for (let position = start; position + 1 < end; position++) {
    if (bytes[position] === MINUS && bytes[position + 1] === GREATER) return position;
  }
  return -1;
}

function readInterfaces(message: ParsedMessage, start: number, end: number): void {
  if (findCode(message.bytes, COLON, start, end) < 0) return;
  const part = message.latin1(start, end);
  const input = part.indexOf(IN_COLON);
  const output = part.indexOf(OUT_COLON);
  if (input < 0 || output < input) return;
  message.addField(INPUT, start + input + IN_COLON.length, start + output);
  message.addField(OUTPUT, start + output + OUT_COLON.length, end);
}
