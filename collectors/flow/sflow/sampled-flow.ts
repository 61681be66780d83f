/**
 * What one flow sample says, gathered from its structures before the row is written. One object is used over and over.
 * -1 stands for "not said"; offsets count from the start of the datagram.
 */
export class SampledFlow {
  /** An ifIndex. */
  inIf = -1;
  outIf = -1;
  /** 0 sampled on the way in, 1 on the way out. */
  direction = -1;
  /** "1 in N" as the sample says. */
  samplingRate = 0;
  /** Octets of the frame on the wire. */
  frameLength = -1;
  /** Octets of the IP packet by its own header. */
  ipLength = -1;
  /** 4 or 6; 0 without an IP header. */
  ipVersion = 0;
  srcOffset = -1;
  dstOffset = -1;
  protocol = -1;
  tos = -1;
  tcpFlags = -1;
  srcPort = -1;
  /** ICMP: type * 256 + code. */
  dstPort = -1;
  /** The tag in the sampled frame. */
  taggedVlan = -1;
  /** The VLAN that the switch assigned on the way in. */
  switchVlan = -1;
  srcMask = -1;
  dstMask = -1;
  srcAs = -1;
  dstAs = -1;
  nextHopOffset = -1;
  nextHopLength: 4 | 16 = 4;
  bgpNextHopOffset = -1;
  bgpNextHopLength: 4 | 16 = 4;

  reset(): void {
    this.inIf = -1;
    this.outIf = -1;
    this.direction = -1;
    this.samplingRate = 0;
    this.frameLength = -1;
    this.ipLength = -1;
    this.ipVersion = 0;
    this.srcOffset = -1;
    this.dstOffset = -1;
    this.protocol = -1;
    this.tos = -1;
    this.tcpFlags = -1;
    this.srcPort = -1;
    this.dstPort = -1;
    this.taggedVlan = -1;
    this.switchVlan = -1;
    this.srcMask = -1;
    this.dstMask = -1;
    this.srcAs = -1;
    this.dstAs = -1;
    this.nextHopOffset = -1;
    this.nextHopLength = 4;
    this.bgpNextHopOffset = -1;
    this.bgpNextHopLength = 4;
  }

  /**
   * The row's `bytes`: the IP length, as NetFlow counts, unless it is missing or claims more than the frame had (whoever
   * made the packet may lie; the device that counted the frame does not). -1: unknown.
   */
  get octets(): number {
    const { ipLength, frameLength } = this;
    return ipLength > 0 && (frameLength <= 0 || ipLength <= frameLength) ? ipLength : frameLength;
  }
}
