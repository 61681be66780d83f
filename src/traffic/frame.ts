import type { CapturedPacket } from './capture-file.ts';
import { formatAddress, unmapped } from '../../collectors/ip-address.ts';
import type { FragmentTable } from './fragments.ts';
import type { CapturedDatagram } from './captured-datagram.ts';

/** Why a packet gave no datagram; a sentence's end for the operator. */
export type SkipReason =
  | 'link type not supported'
  | 'not IP'
  | 'not UDP'
  | 'cut by the capture'
  | 'malformed'
  | 'fragment, waiting for the rest';

const ETHERTYPE_IPV4 = 0x08_00;
const ETHERTYPE_IPV6 = 0x86_dd;
// 802.1Q, 802.1ad, and two that old switches use for the outer tag.
const VLAN_ETHERTYPES = new Set([0x81_00, 0x88_a8, 0x91_00, 0x92_00]);
const PROTOCOL_UDP = 17;
const MAX_VLAN_TAGS = 4;
const MAX_EXTENSION_HEADERS = 16;

interface IpPayload {
  readonly protocol: number;
  readonly source: string;
  readonly destination: string;
  readonly bytes: Buffer;
}

/** The UDP datagram in a captured packet, or why there is none. Never throws. */
export function readFrame(packet: CapturedPacket, fragments: FragmentTable): CapturedDatagram | SkipReason {
  const start = networkLayer(packet);
  if (typeof start === 'string') return start;
  const version = (packet.bytes[start] ?? 0) >> 4;
  const bytes = packet.bytes.subarray(start);
  const ip =
    version === 4
      ? readIpv4(bytes, packet, fragments)
      : version === 6
        ? readIpv6(bytes, packet, fragments)
        : bytes.length === 0
          ? brokenReason(packet)
          : 'not IP';
  if (typeof ip === 'string') return ip;
  if (ip.protocol !== PROTOCOL_UDP) return 'not UDP';
  if (ip.bytes.length < 8) return brokenReason(packet);
  const length = ip.bytes.readUInt16BE(4);
  if (length < 8) return 'malformed';
  if (length > ip.bytes.length) return brokenReason(packet);
  return {
    timeMicros: packet.timeMicros,
    sourceAddress: ip.source,
    sourcePort: ip.bytes.readUInt16BE(0),
    destinationAddress: ip.destination,
    destinationPort: ip.bytes.readUInt16BE(2),
    payload: ip.bytes.subarray(8, length),
  };
}

function brokenReason(packet: CapturedPacket): SkipReason {
  return packet.cut ? 'cut by the capture' : 'malformed';
}

/** Where the IP header starts. Link types: https://www.tcpdump.org/linktypes.html */
function networkLayer(packet: CapturedPacket): number | SkipReason {
  const { bytes } = packet;
  switch (packet.linkType) {
    case 1:
      return behindEtherType(packet, 12);
    case 113: // Linux cooked
      return behindEtherType(packet, 14);
    case 276: // Linux cooked, version 2: the protocol comes first
      return bytes.length < 20 ? brokenReason(packet) : isIp(bytes.readUInt16BE(0)) ? 20 : 'not IP';
    case 0: // BSD loopback, an address family in either byte order: the IP version tells as much
    case 108:
      return 4;
    case 12: // raw IP, by the numbers of several systems
    case 14:
    case 101:
    case 228:
    case 229:
      return 0;
    default:
      return 'link type not supported';
  }
}

function behindEtherType(packet: CapturedPacket, offset: number): number | SkipReason {
  const { bytes } = packet;
  let at = offset;
  for (let tags = 0; tags <= MAX_VLAN_TAGS; tags += 1) {
    if (at + 2 > bytes.length) return brokenReason(packet);
    const etherType = bytes.readUInt16BE(at);
    if (isIp(etherType)) return at + 2;
    if (!VLAN_ETHERTYPES.has(etherType)) return 'not IP';
    at += 4;
  }
  return 'malformed';
}

function isIp(etherType: number): boolean {
  return etherType === ETHERTYPE_IPV4 || etherType === ETHERTYPE_IPV6;
}

function readIpv4(bytes: Buffer, packet: CapturedPacket, fragments: FragmentTable): IpPayload | SkipReason {
  if (bytes.length < 20) return brokenReason(packet);
  const headerLength = (bytes.readUInt8(0) & 0x0f) * 4;
  // Captures of a sending host with segmentation offload show a total length of 0.
  const totalLength = bytes.readUInt16BE(2) || bytes.length;
  if (headerLength < 20 || totalLength < headerLength) return 'malformed';
  const protocol = bytes.readUInt8(9);
  if (protocol !== PROTOCOL_UDP) return 'not UDP';
  if (totalLength > bytes.length) return brokenReason(packet);
  const source = formatAddress(bytes.subarray(12, 16));
  const destination = formatAddress(bytes.subarray(16, 20));
  const payload = bytes.subarray(headerLength, totalLength);
  const flagsAndOffset = bytes.readUInt16BE(6);
  const more = (flagsAndOffset & 0x20_00) !== 0;
  const offset = (flagsAndOffset & 0x1f_ff) * 8;
  if (!more && offset === 0) return { protocol, source, destination, bytes: payload };
  const key = `${source} ${destination} ${bytes.readUInt16BE(4)} ${protocol}`;
  const whole = fragments.add(key, offset, payload, more, packet.timeMicros);
  return whole === undefined ? 'fragment, waiting for the rest' : { protocol, source, destination, bytes: whole };
}

function readIpv6(bytes: Buffer, packet: CapturedPacket, fragments: FragmentTable): IpPayload | SkipReason {
  if (bytes.length < 40) return brokenReason(packet);
  const payloadLength = bytes.readUInt16BE(4) || bytes.length - 40;
  if (40 + payloadLength > bytes.length) return brokenReason(packet);
  const source = formatAddress(unmapped(bytes.subarray(8, 24)));
  const destination = formatAddress(unmapped(bytes.subarray(24, 40)));
  let protocol = bytes.readUInt8(6);
  let rest = bytes.subarray(40, 40 + payloadLength);
  for (let headers = 0; headers < MAX_EXTENSION_HEADERS && isExtensionHeader(protocol); headers += 1) {
    if (rest.length < 8) return 'malformed';
    const next = rest.readUInt8(0);
    if (protocol === 44) {
      const key = `${source} ${destination} ${rest.readUInt32BE(4)}`;
      const offsetAndFlags = rest.readUInt16BE(2);
      const more = (offsetAndFlags & 1) !== 0;
      const whole = fragments.add(key, offsetAndFlags & 0xff_f8, rest.subarray(8), more, packet.timeMicros);
      if (whole === undefined) return 'fragment, waiting for the rest';
      rest = whole;
    } else {
      // RFC 4302 section 2.2: the authentication header counts 4-byte words, minus 2; all others 8-byte ones, minus 1.
      const length = protocol === 51 ? (rest.readUInt8(1) + 2) * 4 : (rest.readUInt8(1) + 1) * 8;
      if (length > rest.length) return 'malformed';
      rest = rest.subarray(length);
    }
    protocol = next;
  }
  return { protocol, source, destination, bytes: rest };
}

/** Hop-by-hop options, routing, fragment, authentication, destination options, mobility, HIP, shim6. */
function isExtensionHeader(protocol: number): boolean {
  return [0, 43, 44, 51, 60, 135, 139, 140].includes(protocol);
}
