import { SPACE, codeAt } from '../characters.ts';
import { addField, type SyslogMessage } from '../message.ts';

const topics = new Set(
  (
    'account async backup bfd bgp bridge caps certificate ddns dhcp dns dot1x dude e-mail event firewall gsm health hotspot igmp-proxy ' +
    'interface ipsec iscsi isdn kvm l2tp ldp lora lte manager mme mpls ntp ospf ovpn packet poe-out ppp pppoe pptp ptp radius radvd ' +
    'raw read rip route rsvp script sertcp smb snmp sstp state store stp system tftp timer upnp ups vrrp watchdog web-proxy wireguard ' +
    'wireless write'
  ).split(' '),
);
/** RouterOS levels; they are written among the topics. */
const severities = new Map([
  ['critical', 2],
  ['error', 3],
  ['warning', 4],
  ['info', 6],
  ['debug', 7],
]);

/** RouterOS: `firewall,info forward: in:ether1 out:bridge, …, 192.0.2.1:1000->198.51.100.2:443, len 60`. */
export function readMikroTik(message: SyslogMessage): boolean {
  const text = message.text;
  const space = text.indexOf(' ');
  const comma = text.indexOf(',');
  if (comma < 2 || space < comma || space > 64 || !topics.has(text.slice(0, comma))) return false;
  const words = text.slice(0, space).split(',');
  const level = words.find((word) => severities.has(word));
  if (level === undefined) return false;
  message.dialect = 'mikrotik';
  message.vendor = 'mikrotik';
  message.appName ??= words[0];
  message.severity ??= severities.get(level);
  addField(message, 'topics', text.slice(0, space));
  if (words[0] === 'firewall') readFirewall(text.slice(space + 1), message);
  message.text = text.slice(space + 1);
  return true;
}

/** `chain: in:ether1 out:(unknown 0), src-mac …, proto TCP (SYN), source->destination, len 60`. */
function readFirewall(text: string, message: SyslogMessage): void {
  for (const part of text.split(', ', 16)) {
    const arrow = part.indexOf('->');
    if (arrow > 0 && codeAt(part, 0) !== SPACE && !part.includes(' ')) {
      addField(message, 'src', part.slice(0, arrow));
      addField(message, 'dst', part.slice(arrow + 2));
    } else if (part.startsWith('proto ')) addField(message, 'proto', part.slice(6));
    else if (part.startsWith('src-mac ')) addField(message, 'src-mac', part.slice(8));
    else if (part.startsWith('len ')) addField(message, 'len', part.slice(4));
    else readInterfaces(part, message);
  }
}

function readInterfaces(part: string, message: SyslogMessage): void {
  const input = part.indexOf('in:');
  const output = part.indexOf(' out:');
  if (input < 0 || output < input) return;
  addField(message, 'in', part.slice(input + 3, output));
  addField(message, 'out', part.slice(output + 5));
}
