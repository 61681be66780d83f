import type { JsonObjectWriter } from '../values/json-object.ts';
import { writeJsonKey } from '../values/json-value.ts';
import { type FrameKind, PacketHeader } from '../packet/packet-header.ts';
import type { SampledFlow } from './sampled-flow.ts';
import { readGateway } from './sflow-gateway.ts';
import { writePacketExtras } from './sflow-packet.ts';
import { addressFieldLength, FLOW_STRUCTURES, isZero, writeStructure } from './sflow-structures.ts';
import type { SflowResult } from './sflow-result.ts';

/** Structures that have columns; all others are in `sflow-structures.json`. Enterprise 0. */
const RAW_HEADER = 1;
const SAMPLED_ETHERNET = 2;
const SAMPLED_IPV4 = 3;
const SAMPLED_IPV6 = 4;
const EXTENDED_SWITCH = 1001;
const EXTENDED_ROUTER = 1002;
const EXTENDED_GATEWAY = 1003;
const EXTENDED_NAT = 1007;
const EXTENDED_NAT_PORT = 1020;

/** "header_protocol" of a raw header. */
const HEADER_KINDS = new Map<number, FrameKind>([
  [1, 'ethernet'],
  [7, 'ppp'],
  [11, 'ipv4'],
  [12, 'ipv6'],
  [13, 'mpls'],
  [14, 'ppp'], // packet over SONET
]);

const KEY = {
  destinationMac: writeJsonKey('destinationMacAddress'),
  sourceMac: writeJsonKey('sourceMacAddress'),
  etherType: writeJsonKey('ethernetType'),
  headerProtocol: writeJsonKey('header_protocol'),
  postVlanId: writeJsonKey('postVlanId'),
  priority: writeJsonKey('dot1qPriority'),
  postPriority: writeJsonKey('dst_priority'),
  bgpNextHop4: writeJsonKey('bgpNextHopIPv4Address'),
  bgpNextHop6: writeJsonKey('bgpNextHopIPv6Address'),
  natSource4: writeJsonKey('postNATSourceIPv4Address'),
  natSource6: writeJsonKey('postNATSourceIPv6Address'),
  natDestination4: writeJsonKey('postNATDestinationIPv4Address'),
  natDestination6: writeJsonKey('postNATDestinationIPv6Address'),
  naptSourcePort: writeJsonKey('postNAPTSourceTransportPort'),
  naptDestinationPort: writeJsonKey('postNAPTDestinationTransportPort'),
};

/** Reads the structures of one flow sample into a `SampledFlow` and, where there is no column, into `extra`. */
export class FlowRecordReader {
  readonly #flow: SampledFlow;
  readonly #extra: JsonObjectWriter;
  readonly #result: SflowResult;
  readonly #packet = new PacketHeader();

  constructor(flow: SampledFlow, extra: JsonObjectWriter, result: SflowResult) {
    this.#flow = flow;
    this.#extra = extra;
    this.#result = result;
  }

  /** The structures between `start` and `end`. The sample's own count of them is not needed: their lengths tell. */
  read(source: Buffer, start: number, end: number): void {
    let at = start;
    while (end - at >= 8) {
      const format = source.readUInt32BE(at);
      if (format === 0) break; // padding: no structure has this number
      const length = source.readUInt32BE(at + 4);
      const fits = length <= end - at - 8;
      const recordEnd = fits ? at + 8 + length : end;
      this.#result.structures += 1;
      if (!this.#readRecord(format, source, at + 8, recordEnd) || !fits) this.#result.errors += 1;
      at = recordEnd;
    }
    this.#settleNextHop(source);
  }

  /** Whether all of the structure was there. */
  #readRecord(format: number, source: Buffer, at: number, end: number): boolean {
    const mark = this.#extra.mark();
    const whole = this.#readKnown(format, source, at, end);
    if (this.#extra.full) {
      this.#extra.rollback(mark);
      return false;
    }
    return whole;
  }

  #readKnown(format: number, source: Buffer, at: number, end: number): boolean {
    switch (format) {
      case RAW_HEADER:
        return this.#readRawHeader(source, at, end);
      case SAMPLED_ETHERNET:
        return this.#readEthernet(source, at, end);
      case SAMPLED_IPV4:
        return this.#readSampledIp(4, source, at, end);
      case SAMPLED_IPV6:
        return this.#readSampledIp(6, source, at, end);
      case EXTENDED_SWITCH:
        return this.#readSwitch(source, at, end);
      case EXTENDED_ROUTER:
        return this.#readRouter(source, at, end);
      case EXTENDED_GATEWAY:
        return readGateway(this.#flow, this.#extra, source, at, end);
      case EXTENDED_NAT:
        return this.#readNat(source, at, end);
      case EXTENDED_NAT_PORT:
        return this.#readNatPort(source, at, end);
      default:
        return this.#readOther(format, source, at, end);
    }
  }

  #readOther(format: number, source: Buffer, at: number, end: number): boolean {
    const structure = FLOW_STRUCTURES.get(format);
    if (structure !== undefined) return writeStructure(this.#extra, structure, source, at, end);
    this.#result.unknownStructures += 1;
    return true;
  }

  // protocol, length of the frame, bytes stripped from it, length of the header, the header
  #readRawHeader(source: Buffer, at: number, end: number): boolean {
    if (end - at < 16) return false;
    const flow = this.#flow;
    const length = source.readUInt32BE(at + 12);
    const protocol = source.readUInt32BE(at);
    const kind = HEADER_KINDS.get(protocol);
    if (flow.frameLength < 0) flow.frameLength = source.readUInt32BE(at + 4);
    if (kind === undefined) {
      this.#result.unknownHeaders += 1;
      this.#extra.key(KEY.headerProtocol);
      this.#extra.integer(protocol);
    } else {
      const packet = this.#packet;
      const hasIp = packet.parseFrame(kind, source, at + 16, Math.min(length, end - at - 16));
      if (hasIp && flow.ipVersion === 0) this.#takePacket();
      if (flow.taggedVlan < 0) flow.taggedVlan = packet.vlan;
      writePacketExtras(this.#extra, packet, source);
    }
    return length <= end - at - 16;
  }

  #takePacket(): void {
    const flow = this.#flow;
    const { outer } = this.#packet;
    flow.ipVersion = outer.version;
    flow.ipLength = outer.totalLength;
    flow.srcOffset = outer.srcOffset;
    flow.dstOffset = outer.dstOffset;
    flow.protocol = outer.protocol;
    flow.tos = outer.tos;
    flow.tcpFlags = outer.tcpFlags;
    flow.srcPort = outer.srcPort;
    flow.dstPort = outer.icmpType < 0 ? outer.dstPort : outer.icmpType * 256 + outer.icmpCode;
  }

  // length, two addresses of six bytes and two of padding, type
  #readEthernet(source: Buffer, at: number, end: number): boolean {
    if (end - at < 24) return false;
    if (this.#flow.frameLength < 0) this.#flow.frameLength = source.readUInt32BE(at);
    this.#extra.key(KEY.destinationMac);
    this.#extra.value('macAddress', source, at + 12, 6);
    this.#extra.key(KEY.sourceMac);
    this.#extra.value('macAddress', source, at + 4, 6);
    this.#extra.key(KEY.etherType);
    this.#extra.integer(source.readUInt32BE(at + 20));
    return true;
  }

  // length, protocol, addresses, ports, TCP flags, type of service; the sampled header itself knows better
  #readSampledIp(version: 4 | 6, source: Buffer, at: number, end: number): boolean {
    const size = version === 4 ? 4 : 16;
    const portsAt = at + 8 + 2 * size;
    if (end - portsAt < 16) return false;
    const flow = this.#flow;
    if (flow.ipVersion !== 0) return true;
    flow.ipVersion = version;
    flow.ipLength = source.readUInt32BE(at);
    flow.protocol = source.readUInt32BE(at + 4);
    flow.srcOffset = at + 8;
    flow.dstOffset = at + 8 + size;
    flow.srcPort = port(source, portsAt);
    flow.dstPort = port(source, portsAt + 4);
    flow.tcpFlags = source.readUInt32BE(portsAt + 8) & 0x0f_ff;
    flow.tos = source.readUInt32BE(portsAt + 12) & 0xff;
    return true;
  }

  // VLAN and priority on the way in, the same on the way out; 0xffffffff is unknown
  #readSwitch(source: Buffer, at: number, end: number): boolean {
    if (end - at < 16) return false;
    const extra = this.#extra;
    this.#flow.switchVlan = source.readUInt32BE(at);
    const priority = source.readUInt32BE(at + 4);
    const postVlan = source.readUInt32BE(at + 8);
    const postPriority = source.readUInt32BE(at + 12);
    if (priority > 0 && priority < 8) {
      extra.key(KEY.priority);
      extra.integer(priority);
    }
    if (postVlan > 0 && postVlan < 4096) {
      extra.key(KEY.postVlanId);
      extra.integer(postVlan);
    }
    if (postPriority > 0 && postPriority < 8) {
      extra.key(KEY.postPriority);
      extra.integer(postPriority);
    }
    return true;
  }

  // next hop, prefix lengths of both addresses
  #readRouter(source: Buffer, at: number, end: number): boolean {
    const addressLength = end - at < 4 ? -1 : addressFieldLength(source.readUInt32BE(at));
    if (addressLength < 0 || end - at < addressLength) return false;
    const flow = this.#flow;
    if (addressLength > 4 && !isZero(source, at + 4, at + addressLength)) {
      flow.nextHopOffset = at + 4;
      flow.nextHopLength = addressLength === 8 ? 4 : 16;
    }
    const masks = at + addressLength;
    if (end - masks < 8) return false;
    flow.srcMask = source.readUInt32BE(masks);
    flow.dstMask = source.readUInt32BE(masks + 4);
    return true;
  }

  #readNat(source: Buffer, at: number, end: number): boolean {
    const next = this.#readNatAddress(KEY.natSource4, KEY.natSource6, source, at, end);
    return next >= 0 && this.#readNatAddress(KEY.natDestination4, KEY.natDestination6, source, next, end) >= 0;
  }

  /** The position behind the address, -1 where it is cut. */
  #readNatAddress(key4: Buffer, key6: Buffer, source: Buffer, at: number, end: number): number {
    const length = end - at < 4 ? -1 : addressFieldLength(source.readUInt32BE(at));
    if (length < 0 || length > end - at) return -1;
    if (length > 4) {
      this.#extra.key(length === 8 ? key4 : key6);
      this.#extra.value(length === 8 ? 'ipv4Address' : 'ipv6Address', source, at + 4, length - 4);
    }
    return at + length;
  }

  #readNatPort(source: Buffer, at: number, end: number): boolean {
    if (end - at < 8) return false;
    this.#extra.key(KEY.naptSourcePort);
    this.#extra.integer(source.readUInt32BE(at));
    this.#extra.key(KEY.naptDestinationPort);
    this.#extra.integer(source.readUInt32BE(at + 4));
    return true;
  }

  // The column `next_hop` is the router's; only when there is none, BGP's. The one that has no place goes into `extra`.
  #settleNextHop(source: Buffer): void {
    const { nextHopOffset, nextHopLength, bgpNextHopOffset, bgpNextHopLength } = this.#flow;
    if (nextHopOffset < 0 || bgpNextHopOffset < 0) return;
    const nextHopEnd = nextHopOffset + nextHopLength;
    if (
      source.compare(source, nextHopOffset, nextHopEnd, bgpNextHopOffset, bgpNextHopOffset + bgpNextHopLength) === 0
    ) {
      return;
    }
    const mark = this.#extra.mark();
    this.#extra.key(bgpNextHopLength === 4 ? KEY.bgpNextHop4 : KEY.bgpNextHop6);
    this.#extra.value(
      bgpNextHopLength === 4 ? 'ipv4Address' : 'ipv6Address',
      source,
      bgpNextHopOffset,
      bgpNextHopLength,
    );
    if (this.#extra.full) this.#extra.rollback(mark);
  }
}

function port(source: Buffer, at: number): number {
  const value = source.readUInt32BE(at);
  return value > 0xff_ff ? -1 : value;
}
