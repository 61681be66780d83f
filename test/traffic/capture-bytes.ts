/** Packets and captures made by hand from RFC 791, 768, 8200 and the pcap and pcapng drafts; nothing of ours reads here. */

/** Bytes written as hex, with blanks between the fields. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

export function udp(sourcePort: number, destinationPort: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(destinationPort, 2);
  header.writeUInt16BE(8 + payload.length, 4);
  return Buffer.concat([header, payload]);
}

interface Ipv4Header {
  /** The 16 bits behind the identification. */
  readonly flagsAndOffset?: number;
  readonly options?: Buffer;
  readonly protocol?: number;
}

/** From 192.0.2.1 to 198.51.100.2. */
export function ipv4(
  payload: Buffer,
  { flagsAndOffset = 0, options = Buffer.alloc(0), protocol = 17 }: Ipv4Header = {},
): Buffer {
  const header = hex('45000000 1234 0000 4011 0000 c0000201 c6336402');
  header.writeUInt8(0x40 | (5 + options.length / 4), 0);
  header.writeUInt16BE(20 + options.length + payload.length, 2);
  header.writeUInt16BE(flagsAndOffset, 6);
  header.writeUInt8(protocol, 9);
  return Buffer.concat([header, options, payload]);
}

/** From 2001:db8::1 to 2001:db8:0:1::2. */
export function ipv6(nextHeader: number, payload: Buffer): Buffer {
  const header = hex('6000000000000040 20010db8000000000000000000000001 20010db8000000010000000000000002');
  header.writeUInt16BE(payload.length, 4);
  header.writeUInt8(nextHeader, 6);
  return Buffer.concat([header, payload]);
}

/** `behindAddresses`: EtherType and tags, hex. */
export function ethernet(behindAddresses: string, payload: Buffer): Buffer {
  return Buffer.concat([hex(`020000000001 020000000002 ${behindAddresses}`), payload]);
}

type Write = (bytes: Buffer, value: number, at: number) => void;
const u32: Record<'LE' | 'BE', Write> = {
  LE: (bytes, value, at) => bytes.writeUInt32LE(value >>> 0, at),
  BE: (bytes, value, at) => bytes.writeUInt32BE(value >>> 0, at),
};

export interface TimedPacket {
  readonly seconds: number;
  /** In the unit of the capture's magic number. */
  readonly fraction: number;
  readonly bytes: Buffer;
  readonly originalLength?: number;
}

export function pcap(order: 'LE' | 'BE', magic: number, linkType: number, packets: readonly TimedPacket[]): Buffer {
  const header = Buffer.alloc(24);
  u32[order](header, magic, 0);
  u32[order](header, 65_535, 16);
  u32[order](header, linkType, 20);
  const parts: Buffer[] = [header];
  for (const { seconds, fraction, bytes, originalLength } of packets) {
    const record = Buffer.alloc(16);
    for (const [index, value] of [seconds, fraction, bytes.length, originalLength ?? bytes.length].entries()) {
      u32[order](record, value, index * 4);
    }
    parts.push(record, bytes);
  }
  return Buffer.concat(parts);
}

/** A pcapng block around `body`, which is padded to whole words. */
export function block(order: 'LE' | 'BE', type: number, body: Buffer): Buffer {
  const length = 12 + Math.ceil(body.length / 4) * 4;
  const bytes = Buffer.alloc(length);
  u32[order](bytes, type, 0);
  u32[order](bytes, length, 4);
  body.copy(bytes, 8);
  u32[order](bytes, length, length - 4);
  return bytes;
}

/** 32-bit words in the byte order of the section. */
export function words(order: 'LE' | 'BE', ...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) u32[order](bytes, value, index * 4);
  return bytes;
}
