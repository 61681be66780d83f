/**
 * A capture with traffic that is known to the byte, for real exporters to read: what they export must add up to it.
 * Ethernet frames by hand (IEEE 802.3, 802.1Q; RFC 791, 8200, 768, 793, 792, 4443) in a libpcap file.
 */
export interface KnownFlow {
  readonly protocol: 1 | 6 | 17 | 58;
  readonly source: string;
  readonly destination: string;
  /** 0 for ICMP. */
  readonly sourcePort: number;
  /** ICMP: type * 256 + code. */
  readonly destinationPort: number;
  readonly packets: number;
  /** IP packets whole, link layer not counted. */
  readonly bytes: number;
  /** 0: none. */
  readonly vlan: number;
  readonly tos: number;
  /** All flags of its packets together; 0 when not TCP. */
  readonly tcpFlags: number;
  readonly firstMicros: number;
  readonly lastMicros: number;
}

type Plan = Pick<KnownFlow, 'protocol' | 'source' | 'destination' | 'sourcePort' | 'destinationPort' | 'packets'> & {
  readonly payloadBytes: number;
  readonly vlan?: number;
  readonly tos?: number;
};

function plan(
  protocol: KnownFlow['protocol'],
  [source, sourcePort]: readonly [string, number],
  [destination, destinationPort]: readonly [string, number],
  packets: number,
  payloadBytes: number,
  more: { vlan?: number; tos?: number } = {},
): Plan {
  return { protocol, source, sourcePort, destination, destinationPort, packets, payloadBytes, ...more };
}

const PACKET_GAP_MICROS = 20_000;

const TCP_ACK = 0x10;
const TCP_PSH_ACK = 0x18;
const TCP_SYN = 0x02;
const TCP_FIN_ACK = 0x11;

// Addresses for documentation: RFC 5737, RFC 3849. One flow a line; every 5-tuple once.
const PLANS: readonly Plan[] = [
  plan(6, ['192.0.2.10', 40_000], ['198.51.100.20', 443], 40, 1200),
  plan(6, ['198.51.100.20', 443], ['192.0.2.10', 40_000], 61, 1400),
  plan(6, ['192.0.2.11', 40_001], ['198.51.100.21', 22], 7, 33, { tos: 0x10 }),
  plan(17, ['192.0.2.12', 5353], ['203.0.113.53', 53], 1, 42),
  plan(17, ['203.0.113.53', 53], ['192.0.2.12', 5353], 1, 310),
  plan(17, ['192.0.2.13', 16_384], ['203.0.113.99', 16_386], 50, 160, { tos: 0xb8 }),
  plan(1, ['192.0.2.14', 0], ['198.51.100.1', 8 * 256], 5, 56),
  plan(6, ['192.0.2.15', 40_002], ['198.51.100.22', 80], 9, 500, { vlan: 42 }),
  plan(17, ['192.0.2.16', 40_003], ['198.51.100.23', 514], 3, 200, { vlan: 4094 }),
  plan(6, ['2001:db8::10', 50_000], ['2001:db8:1::20', 443], 30, 1100),
  plan(6, ['2001:db8:1::20', 443], ['2001:db8::10', 50_000], 25, 1300),
  plan(17, ['2001:db8::11', 50_001], ['2001:db8:2::53', 53], 2, 60),
  plan(58, ['2001:db8::12', 0], ['2001:db8:1::1', 128 * 256], 4, 56),
  plan(6, ['2001:db8::13', 50_002], ['2001:db8:1::22', 80], 6, 700, { vlan: 42 }),
];

// 300 short conversations, so that an export takes several datagrams.
const MANY: readonly Plan[] = Array.from({ length: 300 }, (_, n) =>
  plan(
    n % 3 === 0 ? 6 : 17,
    [`192.0.2.${100 + (n % 50)}`, 20_000 + n],
    [`203.0.113.${1 + (n % 7)}`, 8000 + (n % 11)],
    1 + (n % 4),
    20 + n,
  ),
);

/** `startSeconds`: when the first packet was seen, seconds since the Unix epoch. */
export function createTrafficCapture(startSeconds: number): { pcap: Buffer; flows: KnownFlow[] } {
  const packets: { micros: number; frame: Buffer }[] = [];
  const flows = [...PLANS, ...MANY].map((plan, index) => {
    const flow = knownFlow(plan, startSeconds * 1_000_000 + index * 1000);
    for (let n = 0; n < plan.packets; n += 1) {
      packets.push({ micros: flow.firstMicros + n * PACKET_GAP_MICROS, frame: frameOf(plan, n) });
    }
    return flow;
  });
  packets.sort((a, b) => a.micros - b.micros);
  return { pcap: pcapFile(packets), flows };
}

function knownFlow(plan: Plan, firstMicros: number): KnownFlow {
  const headers = plan.source.includes(':') ? 40 : 20;
  const flags = [...Array(plan.packets).keys()].reduce((all, n) => all | tcpFlags(plan, n), 0);
  return {
    protocol: plan.protocol,
    source: plan.source,
    destination: plan.destination,
    sourcePort: plan.sourcePort,
    destinationPort: plan.destinationPort,
    packets: plan.packets,
    bytes: plan.packets * (headers + transportHeaderBytes(plan.protocol) + plan.payloadBytes),
    vlan: plan.vlan ?? 0,
    tos: plan.tos ?? 0,
    tcpFlags: plan.protocol === 6 ? flags : 0,
    firstMicros,
    lastMicros: firstMicros + (plan.packets - 1) * PACKET_GAP_MICROS,
  };
}

function tcpFlags(plan: Plan, n: number): number {
  if (n === 0) return TCP_SYN;
  if (n === plan.packets - 1) return TCP_FIN_ACK;
  return n % 2 === 0 ? TCP_PSH_ACK : TCP_ACK;
}

function transportHeaderBytes(protocol: KnownFlow['protocol']): number {
  return protocol === 6 ? 20 : 8;
}

function frameOf(plan: Plan, n: number): Buffer {
  const v6 = plan.source.includes(':');
  const transport = transportOf(plan, n);
  const ip = v6 ? ipv6Header(plan, transport.length) : ipv4Header(plan, transport.length, n);
  const etherType = v6 ? '86dd' : '0800';
  const tag = plan.vlan === undefined ? '' : `8100${plan.vlan.toString(16).padStart(4, '0')}`;
  // Locally administered MAC addresses.
  return Buffer.concat([Buffer.from(`020000000002020000000001${tag}${etherType}`, 'hex'), ip, transport]);
}

function transportOf(plan: Plan, n: number): Buffer {
  const segment = Buffer.alloc(transportHeaderBytes(plan.protocol) + plan.payloadBytes);
  if (plan.protocol === 1 || plan.protocol === 58) {
    segment.writeUInt16BE(plan.destinationPort, 0); // type, code
    segment.writeUInt16BE(n, 6); // sequence
    return segment;
  }
  segment.writeUInt16BE(plan.sourcePort, 0);
  segment.writeUInt16BE(plan.destinationPort, 2);
  if (plan.protocol === 17) {
    segment.writeUInt16BE(segment.length, 4);
    return segment;
  }
  segment.writeUInt32BE(1 + n * plan.payloadBytes, 4);
  segment.writeUInt8(5 << 4, 12); // five words of header
  segment.writeUInt8(tcpFlags(plan, n), 13);
  segment.writeUInt16BE(65_535, 14);
  return segment;
}

function ipv4Header(plan: Plan, payloadBytes: number, n: number): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt8(plan.tos ?? 0, 1);
  header.writeUInt16BE(header.length + payloadBytes, 2);
  header.writeUInt16BE(n, 4);
  header.writeUInt8(64, 8);
  header.writeUInt8(plan.protocol, 9);
  addressBytes(plan.source).copy(header, 12);
  addressBytes(plan.destination).copy(header, 16);
  header.writeUInt16BE(internetChecksum(header), 10);
  return header;
}

function ipv6Header(plan: Plan, payloadBytes: number): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt32BE(0x60_00_00_00 + (plan.tos ?? 0) * 2 ** 20, 0);
  header.writeUInt16BE(payloadBytes, 4);
  header.writeUInt8(plan.protocol, 6);
  header.writeUInt8(64, 7);
  addressBytes(plan.source).copy(header, 8);
  addressBytes(plan.destination).copy(header, 24);
  return header;
}

/** RFC 1071. */
function internetChecksum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xff_ff) sum = (sum & 0xff_ff) + (sum >>> 16);
  return ~sum & 0xff_ff;
}

/** The 4 or 16 bytes of a textual address (no embedded IPv4 notation). */
function addressBytes(text: string): Buffer {
  if (!text.includes(':')) return Buffer.from(text.split('.').map(Number));
  const [head = '', tail] = text.split('::');
  const before = head.split(':').filter(Boolean);
  const after = (tail ?? '').split(':').filter(Boolean);
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** A libpcap file of Ethernet frames, microsecond time stamps, big-endian. */
function pcapFile(packets: readonly { micros: number; frame: Buffer }[]): Buffer {
  const header = Buffer.from('a1b2c3d40002000400000000000000000000ffff00000001', 'hex');
  const records = packets.flatMap(({ micros, frame }) => {
    const record = Buffer.alloc(16);
    record.writeUInt32BE(Math.floor(micros / 1_000_000), 0);
    record.writeUInt32BE(micros % 1_000_000, 4);
    record.writeUInt32BE(frame.length, 8);
    record.writeUInt32BE(frame.length, 12);
    return [record, frame];
  });
  return Buffer.concat([header, ...records]);
}
