import services from './services.json' with { type: 'json' };

/** IANA protocol numbers that are seen on networks, by their keyword in lower case. */
const PROTOCOLS: Readonly<Record<string, number>> = {
  hopopt: 0,
  icmp: 1,
  igmp: 2,
  ipip: 4,
  tcp: 6,
  egp: 8,
  igp: 9,
  udp: 17,
  rdp: 27,
  dccp: 33,
  ipv6: 41,
  rsvp: 46,
  gre: 47,
  esp: 50,
  ah: 51,
  icmp6: 58,
  eigrp: 88,
  ospf: 89,
  etherip: 97,
  pim: 103,
  ipcomp: 108,
  vrrp: 112,
  l2tp: 115,
  isis: 124,
  sctp: 132,
  udplite: 136,
  mplsinip: 137,
  manet: 138,
};

const ALIASES: Readonly<Record<string, string>> = {
  'ipv6-icmp': 'icmp6',
  icmpv6: 'icmp6',
  'ip-in-ip': 'ipip',
  ipencap: 'ipip',
  ospfigp: 'ospf',
  'udp-lite': 'udplite',
  'mpls-in-ip': 'mplsinip',
};

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(PROTOCOLS).map(([name, number]) => [number, name]));

/** Protocols whose headers have ports; the same place means something else in others. */
export const PROTOCOLS_WITH_PORTS: readonly number[] = [6, 17, 33, 132, 136];

/** The number of a protocol that is written as its name or its number; undefined when it is neither. */
export function protocolNumber(words: string): number | undefined {
  const name = words.toLowerCase();
  if (/^\d{1,3}$/.test(name)) return Number(name) <= 255 ? Number(name) : undefined;
  const known = ALIASES[name] ?? name;
  return Object.hasOwn(PROTOCOLS, known) ? PROTOCOLS[known] : undefined;
}

/** `tcp`; the number where there is no common name. */
export function protocolName(number: number): string {
  return NAMES.get(number) ?? `protocol ${number}`;
}

/** The name that IANA has registered for a port, where it is a common one. */
export function serviceName(protocol: number, port: number): string | undefined {
  const key = String(port);
  const own: Readonly<Record<string, string>> = protocol === 6 ? services.tcp : protocol === 17 ? services.udp : {};
  const any: Readonly<Record<string, string>> = services.any;
  return own[key] ?? any[key];
}

/** `S..A`-like letters for the bits of `tcp_flags`, from FIN to the nonce sum; `-` when none is set. */
export function tcpFlagsText(bits: number): string {
  const letters = 'FSRPAUECN'.split('').filter((_, bit) => (bits & (1 << bit)) !== 0);
  return letters.length === 0 ? '-' : letters.join('');
}
