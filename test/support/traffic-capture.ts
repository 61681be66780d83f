import { ethernetFrame, pcapFile, udpDatagram } from './frames.ts';

/** One direction of a conversation, known to the byte: what real exporters say of it must add up to this. */
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

/** Short conversations, so that an export takes several datagrams. */
function shortConversations(count: number): Plan[] {
  return Array.from({ length: count }, (_, n) =>
    plan(
      n % 3 === 0 ? 6 : 17,
      [`192.0.2.${100 + (n % 50)}`, 20_000 + n],
      [`203.0.113.${1 + (n % 7)}`, 8000 + (n % 11)],
      1 + (n % 4),
      20 + (n % 1400),
    ),
  );
}

/**
 * A capture for exporters to read, with the traffic in it: all kinds of it, and `shortFlows` flows more.
 * `startSeconds`: when the first packet was seen, seconds since the Unix epoch.
 */
export function createTrafficCapture(startSeconds: number, shortFlows: number): { pcap: Buffer; flows: KnownFlow[] } {
  const packets: { micros: number; frame: Buffer }[] = [];
  const flows = [...PLANS, ...shortConversations(shortFlows)].map((plan, index) => {
    const flow = knownFlow(plan, startSeconds * 1_000_000 + index * 1000);
    for (let n = 0; n < plan.packets; n += 1) {
      packets.push({
        micros: flow.firstMicros + n * PACKET_GAP_MICROS,
        frame: ethernetFrame(plan, transportOf(plan, n)),
      });
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

function transportOf(plan: Plan, n: number): Buffer {
  const payload = Buffer.alloc(plan.payloadBytes);
  if (plan.protocol === 17) return udpDatagram(plan.sourcePort, plan.destinationPort, payload);
  return Buffer.concat([plan.protocol === 6 ? tcpHeader(plan, n) : icmpHeader(plan, n), payload]);
}

/** RFC 792, RFC 4443: an echo request. */
function icmpHeader(plan: Plan, n: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(plan.destinationPort, 0); // type, code
  header.writeUInt16BE(n, 6); // sequence
  return header;
}

/** RFC 9293. */
function tcpHeader(plan: Plan, n: number): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(plan.sourcePort, 0);
  header.writeUInt16BE(plan.destinationPort, 2);
  header.writeUInt32BE(1 + n * plan.payloadBytes, 4);
  header.writeUInt8(5 << 4, 12); // five words of header
  header.writeUInt8(tcpFlags(plan, n), 13);
  header.writeUInt16BE(65_535, 14);
  return header;
}
