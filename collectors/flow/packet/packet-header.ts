import { IpPacket } from './ip-packet.ts';

/** What the first byte of a sampled header belongs to. `ip`: IPv4 or IPv6, told apart by the version. */
export type FrameKind = 'ethernet' | 'ip' | 'ipv4' | 'ipv6' | 'mpls' | 'ppp';

/** What carries the inner packet; none: ''. */
export type Tunnel =
  | ''
  | 'gre'
  | 'erspan'
  | 'vxlan'
  | 'geneve'
  | 'ipip'
  | 'etherip'
  | 'gtp'
  | 'mpls-in-ip'
  | 'mpls-in-udp';

/** Labels kept of one MPLS stack; a deeper stack is walked, not kept. */
export const MAX_MPLS_LABELS = 8;

/**
 * The headers of one sampled packet, from the link to the transport, and of the packet that it carries if it is a
 * tunnel (one level). One object is used over and over: `parseFrame` forgets the packet before. Offsets count from the
 * start of the buffer; -1 stands for "not there". A header that was cut gives what is there.
 */
export class PacketHeader {
  /** The packet that the network forwards: the key of the flow. Behind MPLS it is the one behind the labels. */
  readonly outer = new IpPacket();
  /** The packet within a tunnel, if `tunnel` says that there is one and its bytes were sampled. */
  readonly inner = new IpPacket();
  /** Of the payload, behind tags; 0 without an Ethernet header. */
  etherType = 0;
  dstMacOffset = -1;
  srcMacOffset = -1;
  /** The outermost 802.1Q or 802.1ad tag; -1 for an untagged frame. */
  vlan = -1;
  /** 802.1p priority of the outermost tag. */
  vlanPriority = -1;
  /** The next tag, of a frame with two or more. */
  innerVlan = -1;
  innerVlanPriority = -1;
  /** Label stack entries, outermost first, as they stand on the wire: label, traffic class, bottom bit, TTL (RFC 3032). */
  readonly mplsLabels = new Uint32Array(MAX_MPLS_LABELS);
  /** How many of `mplsLabels` are set. */
  mplsDepth = 0;
  /** What carries `inner`. */
  tunnel: Tunnel = '';
  /** The tunnel's own number: VXLAN or Geneve network identifier, GRE key, GTP tunnel endpoint, ERSPAN session; -1 without. */
  tunnelKey = -1;
  /** Ethernet header within a tunnel or a pseudo-wire. */
  innerDstMacOffset = -1;
  innerSrcMacOffset = -1;
  /** The outermost tag of that one. */
  innerFrameVlan = -1;

  #source: Buffer = EMPTY;
  #end = 0;

  /**
   * Reads `length` bytes at `offset` of `source`. Never throws, whatever they are.
   * @returns whether an IP header was found, so that `outer` has addresses.
   */
  parseFrame(kind: FrameKind, source: Buffer, offset: number, length: number): boolean {
    this.#reset();
    this.#source = source;
    this.#end = Math.min(offset + length, source.length);
    switch (kind) {
      case 'ethernet':
        this.#readEthernet(offset);
        break;
      case 'mpls':
        this.#readMpls(offset, this.outer);
        break;
      case 'ppp':
        this.#readPpp(offset, this.outer);
        break;
      case 'ip':
        this.#readIp(0, offset, this.outer);
        break;
      case 'ipv4':
        this.#readIp(4, offset, this.outer);
        break;
      case 'ipv6':
        this.#readIp(6, offset, this.outer);
    }
    if (this.outer.transportOffset >= 0) this.#readTunnel();
    this.#source = EMPTY; // the datagram's memory is not ours to keep alive
    return this.outer.version !== 0;
  }

  #reset(): void {
    this.outer.reset();
    this.inner.reset();
    this.etherType = 0;
    this.dstMacOffset = -1;
    this.srcMacOffset = -1;
    this.vlan = -1;
    this.vlanPriority = -1;
    this.innerVlan = -1;
    this.innerVlanPriority = -1;
    this.mplsDepth = 0;
    this.tunnel = '';
    this.tunnelKey = -1;
    this.innerDstMacOffset = -1;
    this.innerSrcMacOffset = -1;
    this.innerFrameVlan = -1;
  }

  #readEthernet(at: number): void {
    if (this.#end - at < 12) return;
    this.dstMacOffset = at;
    this.srcMacOffset = at + 6;
    let typeAt = at + 12;
    for (let tags = 0; this.#end - typeAt >= 2; tags++) {
      const type = this.#uint16(typeAt);
      if (!isTag(type) || tags === MAX_TAGS) {
        this.etherType = type;
        this.#readEtherPayload(type, typeAt + 2, this.outer);
        return;
      }
      if (this.#end - typeAt < 4) return;
      const control = this.#uint16(typeAt + 2);
      if (tags === 0) {
        this.vlan = control & 0x0f_ff;
        this.vlanPriority = control >> 13;
      } else if (tags === 1) {
        this.innerVlan = control & 0x0f_ff;
        this.innerVlanPriority = control >> 13;
      }
      typeAt += 4;
    }
  }

  // The frame within a pseudo-wire or a tunnel: only what tells its addresses.
  #readCarriedEthernet(at: number, packet: IpPacket): void {
    if (this.#end - at < 12) return;
    this.innerDstMacOffset = at;
    this.innerSrcMacOffset = at + 6;
    let typeAt = at + 12;
    for (let tags = 0; tags <= MAX_TAGS && this.#end - typeAt >= 2; tags++) {
      const type = this.#uint16(typeAt);
      if (!isTag(type)) {
        this.#readEtherPayload(type, typeAt + 2, packet);
        return;
      }
      if (this.#end - typeAt < 4) return;
      if (tags === 0) this.innerFrameVlan = this.#uint16(typeAt + 2) & 0x0f_ff;
      typeAt += 4;
    }
  }

  #readEtherPayload(etherType: number, at: number, packet: IpPacket): void {
    switch (etherType) {
      case 0x08_00:
        packet.readIpv4(this.#source, at, this.#end);
        return;
      case 0x86_dd:
        packet.readIpv6(this.#source, at, this.#end);
        return;
      case 0x88_47:
      case 0x88_48:
        this.#readMpls(at, packet);
        return;
      case 0x88_64: // PPPoE session (RFC 2516): version and type, code, session, length
        this.#readPpp(at + 6, packet);
        return;
      default:
        // 802.3 with LLC and SNAP (RFC 1042): AA AA 03, three bytes of organisation, the type
        if (etherType <= 1500 && this.#end - at >= 8 && this.#uint16(at) === 0xaa_aa && this.#uint16(at + 6) > 1500) {
          if (packet === this.outer && this.mplsDepth === 0) this.etherType = this.#uint16(at + 6);
          this.#readEtherPayload(this.#uint16(at + 6), at + 8, packet);
        }
    }
  }

  #readPpp(start: number, packet: IpPacket): void {
    // HDLC framing (RFC 1662), as on packet over SONET, puts address and control in front
    const at = this.#end - start >= 4 && this.#uint16(start) === 0xff_03 ? start + 2 : start;
    if (this.#end - at < 2) return;
    const protocol = this.#uint16(at);
    if (protocol === 0x00_21) packet.readIpv4(this.#source, at + 2, this.#end);
    else if (protocol === 0x00_57) packet.readIpv6(this.#source, at + 2, this.#end);
    else if (protocol === 0x02_81) this.#readMpls(at + 2, packet);
  }

  #readIp(version: number, at: number, packet: IpPacket): void {
    if (at >= this.#end) return;
    const found = this.#octet(at) >> 4;
    if (version !== 0 && found !== version) return;
    if (found === 4) packet.readIpv4(this.#source, at, this.#end);
    else if (found === 6) packet.readIpv6(this.#source, at, this.#end);
  }

  #readMpls(start: number, packet: IpPacket): void {
    let at = start;
    let bottom = false;
    while (!bottom) {
      if (this.#end - at < 4) return;
      const entry = this.#uint32(at);
      if (packet === this.outer && this.mplsDepth < MAX_MPLS_LABELS) this.mplsLabels[this.mplsDepth++] = entry;
      bottom = (entry & 0x1_00) !== 0;
      at += 4;
    }
    if (at >= this.#end) return;
    // Nothing says what is behind the labels; the first nibble tells, as it does for routers (RFC 4928 section 2)
    const first = this.#octet(at);
    if (first >= 0x45 && first <= 0x4f) packet.readIpv4(this.#source, at, this.#end);
    else if (first >> 4 === 6) packet.readIpv6(this.#source, at, this.#end);
    else if (first >> 4 === 0 && this.#isControlWord(at)) this.#readCarriedEthernet(at + 4, packet);
    else if (first >> 4 !== 1) this.#readCarriedEthernet(at, packet); // (1 is a channel header, RFC 4385 section 5)
  }

  // A control word (RFC 4385 section 3) starts with four zero bits, and so do many MAC addresses: there is none where an
  // EtherType stands as far behind as it does in a frame that starts here.
  #isControlWord(at: number): boolean {
    return !isPayloadType(this.#typeOrZero(at + 12));
  }

  #typeOrZero(at: number): number {
    return this.#end - at >= 2 ? this.#uint16(at) : 0;
  }

  #readTunnel(): void {
    const at = this.outer.transportOffset;
    switch (this.outer.protocol) {
      case 4:
        this.#enter('ipip', 4, at);
        return;
      case 41:
        this.#enter('ipip', 6, at);
        return;
      case 17:
        this.#readUdpTunnel(at + 8);
        return;
      case 47:
        this.#readGre(at);
        return;
      case 97: // EtherIP, RFC 3378
        this.tunnel = 'etherip';
        this.#readCarriedEthernet(at + 2, this.inner);
        return;
      case 137: // RFC 4023
        this.tunnel = 'mpls-in-ip';
        this.#readMpls(at, this.inner);
        return;
      case 143: // Ethernet behind a segment routing header, RFC 8986
        this.tunnel = 'etherip';
        this.#readCarriedEthernet(at, this.inner);
        return;
      default:
    }
  }

  #enter(tunnel: Tunnel, version: number, at: number): void {
    this.tunnel = tunnel;
    this.#readIp(version, at, this.inner);
  }

  #readUdpTunnel(at: number): void {
    switch (this.outer.dstPort) {
      case 4789: // VXLAN, RFC 7348
      case 8472: // as Linux had it before
      case 4790: // VXLAN-GPE
        this.#readVxlan(at);
        return;
      case 6081:
        this.#readGeneve(at);
        return;
      case 2152:
        this.#readGtp(at);
        return;
      case 6635: // RFC 7510
        this.tunnel = 'mpls-in-udp';
        this.#readMpls(at, this.inner);
        return;
      default:
    }
  }

  #readVxlan(at: number): void {
    if (this.#end - at < 8 || (this.#octet(at) & 0x08) === 0) return; // the I flag: a valid identifier
    this.tunnel = 'vxlan';
    this.tunnelKey = this.#uint32(at + 4) >>> 8;
    const next = this.outer.dstPort === 4790 && (this.#octet(at) & 0x04) !== 0 ? this.#octet(at + 3) : 3;
    if (next === 3) this.#readCarriedEthernet(at + 8, this.inner);
    else if (next <= 2) this.#readIp(0, at + 8, this.inner);
  }

  #readGeneve(at: number): void {
    if (this.#end - at < 8 || this.#octet(at) >> 6 !== 0) return; // RFC 8926: version 0
    this.tunnel = 'geneve';
    this.tunnelKey = this.#uint32(at + 4) >>> 8;
    this.#readTyped(this.#uint16(at + 2), at + 8 + (this.#octet(at) & 0x3f) * 4);
  }

  #readGtp(at: number): void {
    // GTP-U (3GPP TS 29.281): version 1, not GTP', and a T-PDU
    if (this.#end - at < 8 || (this.#octet(at) & 0xf0) !== 0x30 || this.#octet(at + 1) !== 255) return;
    this.tunnel = 'gtp';
    this.tunnelKey = this.#uint32(at + 4);
    let next = at + 8;
    if ((this.#octet(at) & 0x07) !== 0) {
      if (this.#end - next < 4) return;
      let extension = this.#octet(at) & 0x04 ? this.#octet(next + 3) : 0;
      next += 4;
      for (let count = 0; extension !== 0; count++) {
        const length = next < this.#end ? this.#octet(next) * 4 : 0;
        if (length === 0 || this.#end - next < length || count === MAX_GTP_EXTENSIONS) return;
        extension = this.#octet(next + length - 1);
        next += length;
      }
    }
    this.#readIp(0, next, this.inner);
  }

  #readGre(at: number): void {
    if (this.#end - at < 4) return;
    const flags = this.#uint16(at);
    const protocol = this.#uint16(at + 2);
    const version = flags & 0x07;
    if (version > 1 || flags & 0x40_00) return; // the routing field of RFC 1701 is deprecated by RFC 2784
    this.tunnel = 'gre';
    let next = at + 4;
    if (flags & 0x80_00) next += 4; // checksum, reserved
    if (flags & 0x20_00) {
      if (this.#end - next < 4) return;
      // RFC 2890; in PPTP's version 1 (RFC 2637) the key is payload length and call identifier
      this.tunnelKey = version === 0 ? this.#uint32(next) : this.#uint16(next + 2);
      next += 4;
    }
    if (flags & 0x10_00) next += 4; // sequence
    if (version === 1 && flags & 0x00_80) next += 4; // acknowledgement
    if (protocol === 0x88_be) this.#readErspan(next, flags & 0x10_00 ? 8 : 0);
    else if (protocol === 0x22_eb)
      this.#readErspan(next, this.#end - next >= 12 && this.#octet(next + 11) & 1 ? 20 : 12);
    else if (protocol === 0x88_0b) this.#readPpp(next, this.inner);
    else this.#readTyped(protocol, next);
  }

  // Type I has no header of its own, II eight bytes, III twelve and a sub-header of eight (draft-foschiano-erspan).
  #readErspan(at: number, headerLength: number): void {
    this.tunnel = 'erspan';
    if (headerLength > 0 && this.#end - at >= 4) this.tunnelKey = this.#uint16(at + 2) & 0x03_ff;
    this.#readCarriedEthernet(at + headerLength, this.inner);
  }

  #readTyped(etherType: number, at: number): void {
    if (etherType === 0x65_58) this.#readCarriedEthernet(at, this.inner);
    else this.#readEtherPayload(etherType, at, this.inner);
  }

  #octet(at: number): number {
    return this.#source[at] ?? 0;
  }

  #uint16(at: number): number {
    return (this.#octet(at) << 8) | this.#octet(at + 1);
  }

  #uint32(at: number): number {
    return ((this.#uint16(at) << 16) | this.#uint16(at + 2)) >>> 0;
  }
}

const EMPTY = Buffer.alloc(0);
const MAX_TAGS = 4;
const MAX_GTP_EXTENSIONS = 8;

// 802.1Q, 802.1ad, and what came before the latter was agreed upon.
function isTag(etherType: number): boolean {
  return etherType === 0x81_00 || etherType === 0x88_a8 || etherType === 0x91_00 || etherType === 0x92_00;
}

function isPayloadType(etherType: number): boolean {
  return (
    etherType === 0x08_00 || etherType === 0x86_dd || etherType === 0x08_06 || etherType === 0x88_47 || isTag(etherType)
  );
}
