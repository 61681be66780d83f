/**
 * Ethernet frames and capture files by hand: IEEE 802.3 and 802.1Q, RFC 791, RFC 8200, RFC 768.
 */
export interface IpPacket {
  readonly protocol: number;
  readonly source: string;
  readonly destination: string;
  readonly tos?: number | undefined;
  /** 802.1Q tag of the frame around it. */
  readonly vlan?: number | undefined;
}

/** An Ethernet frame around an IP packet around `transport`. MAC addresses are locally administered ones. */
export function ethernetFrame(packet: IpPacket, transport: Buffer): Buffer {
  const v6 = packet.source.includes(':');
  const ip = v6 ? ipv6Header(packet, transport.length) : ipv4Header(packet, transport.length);
  const etherType = v6 ? '86dd' : '0800';
  const tag = packet.vlan === undefined ? '' : `8100${packet.vlan.toString(16).padStart(4, '0')}`;
  return Buffer.concat([Buffer.from(`020000000002020000000001${tag}${etherType}`, 'hex'), ip, transport]);
}

/** The header and the payload of a UDP datagram, without a checksum (RFC 768 allows 0 over IPv4). */
export function udpDatagram(sourcePort: number, destinationPort: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(destinationPort, 2);
  header.writeUInt16BE(8 + payload.length, 4);
  return Buffer.concat([header, payload]);
}

/** A libpcap file of Ethernet frames, microsecond time stamps, big-endian. */
export function pcapFile(packets: readonly { micros: number; frame: Buffer }[]): Buffer {
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

function ipv4Header(packet: IpPacket, payloadBytes: number): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt8(packet.tos ?? 0, 1);
  header.writeUInt16BE(header.length + payloadBytes, 2);
  header.writeUInt8(64, 8);
  header.writeUInt8(packet.protocol, 9);
  addressBytes(packet.source).copy(header, 12);
  addressBytes(packet.destination).copy(header, 16);
  header.writeUInt16BE(internetChecksum(header), 10);
  return header;
}

function ipv6Header(packet: IpPacket, payloadBytes: number): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt32BE(0x60_00_00_00 + (packet.tos ?? 0) * 2 ** 20, 0);
  header.writeUInt16BE(payloadBytes, 4);
  header.writeUInt8(packet.protocol, 6);
  header.writeUInt8(64, 7);
  addressBytes(packet.source).copy(header, 8);
  addressBytes(packet.destination).copy(header, 24);
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
