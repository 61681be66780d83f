/**
 * The network and transport header of one packet, as far as its bytes reach. Offsets count from the start of the
 * buffer that was parsed; -1 stands for "not there", also where the packet was cut before the field.
 */
export class IpPacket {
  /** 4 or 6; 0 when there is no IP header. */
  version = 0;
  /** Where the source address starts; the destination follows where `dstOffset` says. */
  srcOffset = -1;
  dstOffset = -1;
  addressLength: 4 | 16 = 4;
  /** Of the transport: behind the IPv6 extension headers. */
  protocol = -1;
  /** Bytes of the whole IP packet by its own header; 0 where the header says 0 (segmentation offload, jumbograms). */
  totalLength = 0;
  /** IPv4 type of service, IPv6 traffic class: all eight bits. */
  tos = 0;
  ttl = 0;
  /** IPv6 flow label; -1 for IPv4. */
  flowLabel = -1;
  /** Identification of IPv4 or of the IPv6 fragment header; -1 without one. */
  fragmentId = -1;
  /** In units of 8 bytes; a packet with an offset has no transport header. */
  fragmentOffset = 0;
  /** As IPFIX's fragmentFlags: 0x40 don't fragment, 0x20 more fragments. */
  fragmentFlags = 0;
  /** Bit n is set when the IPv6 extension header of that kind was seen: see `EXTENSION`. */
  extensions = 0;
  /** Where a segment routing header (RFC 8754) starts; -1 without one. */
  srhOffset = -1;
  /** Bytes of it, within the packet. */
  srhLength = 0;
  srcPort = -1;
  dstPort = -1;
  /** The low 12 bits of TCP's bytes 12 and 13. */
  tcpFlags = -1;
  icmpType = -1;
  icmpCode = -1;
  /** Where the transport header starts, and where the packet ends in the buffer: what the tunnel parsers go on with. */
  transportOffset = -1;
  end = -1;

  reset(): void {
    this.version = 0;
    this.srcOffset = -1;
    this.dstOffset = -1;
    this.addressLength = 4;
    this.protocol = -1;
    this.totalLength = 0;
    this.tos = 0;
    this.ttl = 0;
    this.flowLabel = -1;
    this.fragmentId = -1;
    this.fragmentOffset = 0;
    this.fragmentFlags = 0;
    this.extensions = 0;
    this.srhOffset = -1;
    this.srhLength = 0;
    this.srcPort = -1;
    this.dstPort = -1;
    this.tcpFlags = -1;
    this.icmpType = -1;
    this.icmpCode = -1;
    this.transportOffset = -1;
    this.end = -1;
  }

  /** Reads an IPv4 packet (RFC 791) at `at`; false when its addresses are not there. */
  readIpv4(source: Buffer, at: number, end: number): boolean {
    if (end - at < 20) return false;
    const first = octet(source, at);
    const headerLength = (first & 0x0f) * 4;
    if (first >> 4 !== 4 || headerLength < 20) return false;
    this.version = 4;
    this.addressLength = 4;
    this.tos = octet(source, at + 1);
    this.totalLength = uint16(source, at + 2);
    this.fragmentId = uint16(source, at + 4);
    const fragment = uint16(source, at + 6);
    this.fragmentFlags = (fragment >> 8) & 0x60;
    this.fragmentOffset = fragment & 0x1f_ff;
    this.ttl = octet(source, at + 8);
    this.protocol = octet(source, at + 9);
    this.srcOffset = at + 12;
    this.dstOffset = at + 16;
    this.end = packetEnd(at, end, headerLength, this.totalLength);
    this.#readTransport(source, at + headerLength);
    return true;
  }

  /** Reads an IPv6 packet (RFC 8200) at `at`; false when its addresses are not there. */
  readIpv6(source: Buffer, at: number, end: number): boolean {
    if (end - at < 40) return false;
    const first = source.readUInt32BE(at);
    if (first >>> 28 !== 6) return false;
    this.version = 6;
    this.addressLength = 16;
    this.tos = (first >>> 20) & 0xff;
    this.flowLabel = first & 0x0f_ff_ff;
    const payloadLength = uint16(source, at + 4);
    // 0 stands for a jumbogram (RFC 2675) or an offloaded segment: the length is unknown here
    this.totalLength = payloadLength === 0 ? 0 : payloadLength + 40;
    this.ttl = octet(source, at + 7);
    this.srcOffset = at + 8;
    this.dstOffset = at + 24;
    this.end = packetEnd(at, end, 40, this.totalLength);
    this.#readExtensions(source, octet(source, at + 6), at + 40);
    return true;
  }

  #readExtensions(source: Buffer, next: number, start: number): void {
    let at = start;
    let protocol = next;
    for (let count = 0; count < MAX_EXTENSIONS; count++) {
      const bit = extensionBit(protocol);
      if (bit === 0) break;
      this.protocol = protocol; // what is known if the header is cut here
      this.extensions |= bit;
      if (this.end - at < 8) return;
      const length = extensionLength(source, protocol, at);
      if (protocol === FRAGMENT) this.#readFragmentHeader(source, at);
      if (protocol === ROUTING && octet(source, at + 2) === SEGMENT_ROUTING) {
        this.srhOffset = at;
        this.srhLength = Math.min(length, this.end - at);
      }
      protocol = octet(source, at);
      at += length;
    }
    this.protocol = protocol;
    this.#readTransport(source, at);
  }

  #readFragmentHeader(source: Buffer, at: number): void {
    const fragment = uint16(source, at + 2);
    this.fragmentOffset = fragment >> 3;
    this.fragmentFlags = (fragment & 1) << 5;
    this.fragmentId = source.readUInt32BE(at + 4);
  }

  #readTransport(source: Buffer, at: number): void {
    if (this.fragmentOffset !== 0 || at > this.end) return;
    this.transportOffset = at;
    const left = this.end - at;
    switch (this.protocol) {
      case 6: // TCP, RFC 9293
      case 17: // UDP
      case 33: // DCCP
      case 132: // SCTP
      case 136: // UDP-Lite
        if (left < 4) return;
        this.srcPort = uint16(source, at);
        this.dstPort = uint16(source, at + 2);
        if (this.protocol === 6 && left >= 14) this.tcpFlags = uint16(source, at + 12) & 0x0f_ff;
        return;
      case 1: // ICMP
      case 58: // ICMPv6
        if (left < 2) return;
        this.icmpType = octet(source, at);
        this.icmpCode = octet(source, at + 1);
        return;
      default:
    }
  }
}

/** Bits of `IpPacket.extensions`, numbered as the bits of IPFIX's ipv6ExtensionHeaders (IE 64) are meant to be read. */
export const EXTENSION = {
  hopByHop: 1,
  routing: 2,
  fragment: 4,
  destinationOptions: 8,
  authentication: 16,
  mobility: 32,
  other: 64,
} as const;

// A chain longer than this is an attack, not a packet.
const MAX_EXTENSIONS = 10;
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;
const MOBILITY = 135;
const SEGMENT_ROUTING = 4; // routing type, RFC 8754

function extensionBit(protocol: number): number {
  switch (protocol) {
    case HOP_BY_HOP:
      return EXTENSION.hopByHop;
    case ROUTING:
      return EXTENSION.routing;
    case FRAGMENT:
      return EXTENSION.fragment;
    case DESTINATION_OPTIONS:
      return EXTENSION.destinationOptions;
    case AUTHENTICATION:
      return EXTENSION.authentication;
    case MOBILITY:
      return EXTENSION.mobility;
    case 139: // HIP, RFC 7401
    case 140: // Shim6, RFC 5533
      return EXTENSION.other;
    default:
      return 0;
  }
}

function extensionLength(source: Buffer, protocol: number, at: number): number {
  if (protocol === FRAGMENT) return 8;
  // the authentication header counts in 4-byte units (RFC 4302 section 2.2), all others in 8-byte units
  return protocol === AUTHENTICATION ? (octet(source, at + 1) + 2) * 4 : (octet(source, at + 1) + 1) * 8;
}

// Ethernet pads short packets: what lies behind the packet's own length is not part of it.
function packetEnd(at: number, end: number, headerLength: number, totalLength: number): number {
  return totalLength < headerLength ? end : Math.min(end, at + totalLength);
}

function octet(source: Buffer, at: number): number {
  return source[at] ?? 0;
}

function uint16(source: Buffer, at: number): number {
  return (octet(source, at) << 8) | octet(source, at + 1);
}
