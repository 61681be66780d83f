import { SeededRandom, WeightedChoice } from './random.ts';

/** A flow as a router could have seen it; addresses are 4 or 16 bytes, all of one family. */
export interface SyntheticFlow {
  readonly source: Buffer;
  readonly destination: Buffer;
  readonly nextHop: Buffer;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly protocol: number;
  readonly octets: number;
  readonly packets: number;
  readonly tcpFlags: number;
  readonly tos: number;
  readonly inputInterface: number;
  readonly outputInterface: number;
  readonly sourceAs: number;
  readonly destinationAs: number;
  readonly sourceMask: number;
  readonly destinationMask: number;
  readonly vlan: number;
  /** 0 ingress, 1 egress (IE 61). */
  readonly direction: number;
  /** How long before the export it began and ended, milliseconds. */
  readonly startedAgoMs: number;
  readonly endedAgoMs: number;
}

export interface FlowMixOptions {
  readonly seed: number;
  /** Of the flows, 0 to 1. */
  readonly ipv6Share: number;
}

const CLIENTS = 4096;
const SERVERS = 1024;
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;

interface Service {
  readonly protocol: number;
  readonly port: number;
  readonly share: number;
  /** The largest number of packets in one flow. */
  readonly packets: number;
  readonly replyOctets: number;
  readonly requestOctets: number;
}

const service = (
  protocol: number,
  port: number,
  share: number,
  packets: number,
  replyOctets: number,
  requestOctets: number,
): Service => ({ protocol, port, share, packets, replyOctets, requestOctets });

// Shares are of flows, not of bytes; roughly what an access network shows.
const SERVICES: readonly Service[] = [
  service(PROTOCOL_TCP, 443, 38, 20_000, 1320, 140),
  service(PROTOCOL_UDP, 443, 20, 30_000, 1250, 90),
  service(PROTOCOL_UDP, 53, 18, 2, 180, 72),
  service(PROTOCOL_TCP, 80, 6, 5000, 1200, 220),
  service(PROTOCOL_UDP, 123, 2, 2, 76, 76),
  service(PROTOCOL_TCP, 22, 2, 2000, 180, 90),
  service(PROTOCOL_TCP, 993, 2, 400, 700, 110),
  service(PROTOCOL_TCP, 25, 2, 300, 90, 900),
  service(PROTOCOL_TCP, 3389, 1, 8000, 600, 110),
  service(PROTOCOL_TCP, 5432, 1, 3000, 500, 160),
  service(PROTOCOL_TCP, 445, 1, 4000, 1100, 260),
  service(PROTOCOL_UDP, 5060, 1, 12, 480, 520),
  service(PROTOCOL_UDP, 4500, 1, 20_000, 900, 400),
  service(PROTOCOL_TCP, 179, 1, 10, 70, 70),
  service(1, 0, 3, 10, 84, 84), // ICMP echo
  service(47, 0, 1, 5000, 800, 400), // GRE
];

/**
 * An endless stream of plausible flows, the same for the same seed: talkers by Zipf's law, a mix of services, both
 * directions, sizes with a heavy tail. Addresses are out of ranges that never appear on the Internet (RFC 1918, 2544, 3849).
 */
export class FlowMix {
  readonly #random: SeededRandom;
  readonly #ipv6Share: number;
  readonly #client = WeightedChoice.zipf(CLIENTS);
  readonly #server = WeightedChoice.zipf(SERVERS);
  readonly #service = new WeightedChoice(SERVICES.map(({ share }) => share));

  constructor({ seed, ipv6Share }: FlowMixOptions) {
    this.#random = new SeededRandom(seed);
    this.#ipv6Share = ipv6Share;
  }

  next(): SyntheticFlow {
    const random = this.#random;
    const ipv6 = random.fraction() < this.#ipv6Share;
    const client = this.#client.draw(random);
    const server = this.#server.draw(random);
    const chosen = SERVICES[this.#service.draw(random)] ?? service(PROTOCOL_UDP, 53, 1, 2, 100, 100);
    const reply = random.fraction() < 0.5;
    const packets = chosen.packets <= 2 ? 1 : random.heavyTail(1, chosen.packets, 0.9);
    const mean = reply ? chosen.replyOctets : chosen.requestOctets;
    const packetOctets = Math.min(1500, Math.max(60, Math.round(mean * (0.7 + 0.6 * random.fraction()))));
    const hasPorts = chosen.protocol === PROTOCOL_TCP || chosen.protocol === PROTOCOL_UDP;
    const clientPort = hasPorts ? 32_768 + random.below(28_000) : 0;
    // ICMP: an echo reply is type 0, a request type 8, in the upper byte of the destination port.
    const portBehind = hasPorts ? chosen.port : chosen.protocol === 1 && !reply ? 8 << 8 : 0;
    const clientAddress = ipv6 ? address6(1, client) : address4(10 << 24, client * 37);
    const serverAddress = ipv6 ? address6(2, server) : address4((198 << 24) | (18 << 16), server * 101);
    const endedAgoMs = random.below(2000);
    return {
      source: reply ? serverAddress : clientAddress,
      destination: reply ? clientAddress : serverAddress,
      nextHop: ipv6 ? address6(3, server % 4) : address4((192 << 24) | (2 << 8), 1 + (server % 4)),
      sourcePort: reply ? (hasPorts ? chosen.port : 0) : clientPort,
      destinationPort: reply ? clientPort : portBehind,
      protocol: chosen.protocol,
      packets,
      octets: packets * packetOctets,
      tcpFlags: chosen.protocol === PROTOCOL_TCP ? (packets === 1 ? 0x02 : 0x1b) : 0,
      tos: chosen.port === 5060 ? 0x68 : 0,
      inputInterface: reply ? 1 + (server % 4) : 10 + (client % 40),
      outputInterface: reply ? 10 + (client % 40) : 1 + (server % 4),
      sourceAs: reply ? 64_512 + (server % 200) : 0,
      destinationAs: reply ? 0 : 64_512 + (server % 200),
      sourceMask: ipv6 ? 48 : 24,
      destinationMask: ipv6 ? 48 : 24,
      vlan: 100 + (client % 20),
      direction: reply ? 1 : 0,
      endedAgoMs,
      startedAgoMs: endedAgoMs + (packets === 1 ? 0 : random.below(58_000)),
    };
  }
}

function address4(network: number, host: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE((network + host) >>> 0);
  return bytes;
}

/** Within 2001:db8::/32, the range for documentation. */
function address6(subnet: number, host: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(0x20_01_0d_b8, 0);
  bytes.writeUInt16BE(subnet, 4);
  bytes.writeUInt32BE(host + 1, 12);
  return bytes;
}
