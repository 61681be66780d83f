import type { IpPacket } from '../packet/ip-packet.ts';
import type { JsonObjectWriter } from '../values/json-object.ts';
import { writeJsonKey } from '../values/json-value.ts';
import { MAX_MPLS_LABELS, type PacketHeader } from '../packet/packet-header.ts';

const KEY = {
  sourceMac: writeJsonKey('sourceMacAddress'),
  destinationMac: writeJsonKey('destinationMacAddress'),
  etherType: writeJsonKey('ethernetType'),
  vlan: writeJsonKey('dot1qVlanId'),
  priority: writeJsonKey('dot1qPriority'),
  customerVlan: writeJsonKey('dot1qCustomerVlanId'),
  fragmentOffset: writeJsonKey('fragmentOffset'),
  fragmentId: writeJsonKey('fragmentIdentification'),
  segmentsLeft: writeJsonKey('srhSegmentsIPv6Left'),
  segments: writeJsonKey('srhSegmentIPv6BasicList'),
  tunnel: writeJsonKey('tunnel'),
  tunnelKey: writeJsonKey('tunnel_key'),
  segmentId: writeJsonKey('layer2SegmentId'),
  inner: writeJsonKey('inner'),
  source4: writeJsonKey('sourceIPv4Address'),
  source6: writeJsonKey('sourceIPv6Address'),
  destination4: writeJsonKey('destinationIPv4Address'),
  destination6: writeJsonKey('destinationIPv6Address'),
  protocol: writeJsonKey('protocolIdentifier'),
  tos: writeJsonKey('ipClassOfService'),
  sourcePort: writeJsonKey('sourceTransportPort'),
  destinationPort: writeJsonKey('destinationTransportPort'),
  tcpFlags: writeJsonKey('tcpControlBits'),
};

/** mplsTopLabelStackSection (70), mplsLabelStackSection2 (71) and so on: label, traffic class, bottom bit. */
const LABEL_KEYS = Array.from({ length: MAX_MPLS_LABELS }, (_, index) =>
  writeJsonKey(index === 0 ? 'mplsTopLabelStackSection' : `mplsLabelStackSection${index + 1}`),
);

const MAX_SEGMENTS = 16;

/** Writes what a sampled packet says and no column takes. Elements are IANA's; a tunnel's packet is in `inner`. */
export function writePacketExtras(extra: JsonObjectWriter, packet: PacketHeader, source: Buffer): void {
  writeMacs(extra, source, packet.srcMacOffset, packet.dstMacOffset);
  if (packet.vlanPriority > 0) writeInteger(extra, KEY.priority, packet.vlanPriority);
  if (packet.innerVlan > 0) writeInteger(extra, KEY.customerVlan, packet.innerVlan);
  if (packet.outer.version === 0 && packet.etherType > 0) writeInteger(extra, KEY.etherType, packet.etherType);
  for (let index = 0; index < packet.mplsDepth; index += 1) {
    extra.key(LABEL_KEYS[index] ?? KEY.tunnelKey);
    extra.text(((packet.mplsLabels[index] ?? 0) >>> 8).toString(16).padStart(6, '0'));
  }
  writeFragment(extra, packet.outer);
  if (packet.outer.srhOffset >= 0) writeSegments(extra, packet.outer, source);
  if (packet.tunnel !== '' || packet.innerSrcMacOffset >= 0) writeTunnel(extra, packet, source);
}

function writeMacs(extra: JsonObjectWriter, source: Buffer, srcMacOffset: number, dstMacOffset: number): void {
  if (srcMacOffset < 0) return;
  extra.key(KEY.sourceMac);
  extra.value('macAddress', source, srcMacOffset, 6);
  extra.key(KEY.destinationMac);
  extra.value('macAddress', source, dstMacOffset, 6);
}

function writeFragment(extra: JsonObjectWriter, { fragmentOffset, fragmentFlags, fragmentId }: IpPacket): void {
  if (fragmentOffset === 0 && (fragmentFlags & 0x20) === 0) return;
  writeInteger(extra, KEY.fragmentOffset, fragmentOffset);
  writeInteger(extra, KEY.fragmentId, fragmentId);
}

// RFC 8754 section 2: next header, length, type, segments left, last entry, flags, tag, segments in reverse order
function writeSegments(extra: JsonObjectWriter, { srhOffset, srhLength }: IpPacket, source: Buffer): void {
  if (srhLength < 8) return;
  writeInteger(extra, KEY.segmentsLeft, source[srhOffset + 3] ?? 0);
  const last = source[srhOffset + 4] ?? 0;
  const count = Math.min(last + 1, MAX_SEGMENTS, Math.floor((srhLength - 8) / 16));
  extra.key(KEY.segments);
  extra.openArray();
  for (let index = 0; index < count; index += 1) {
    extra.item();
    extra.value('ipv6Address', source, srhOffset + 8 + index * 16, 16);
  }
  extra.closeArray();
}

function writeTunnel(extra: JsonObjectWriter, packet: PacketHeader, source: Buffer): void {
  if (packet.tunnel !== '') {
    extra.key(KEY.tunnel);
    extra.text(packet.tunnel);
  }
  if (packet.tunnelKey >= 0) {
    const isSegment = packet.tunnel === 'vxlan' || packet.tunnel === 'geneve';
    writeInteger(extra, isSegment ? KEY.segmentId : KEY.tunnelKey, packet.tunnelKey);
  }
  if (packet.inner.version === 0 && packet.innerSrcMacOffset < 0) return;
  extra.key(KEY.inner);
  extra.openObject();
  writeMacs(extra, source, packet.innerSrcMacOffset, packet.innerDstMacOffset);
  if (packet.innerFrameVlan > 0) writeInteger(extra, KEY.vlan, packet.innerFrameVlan);
  if (packet.inner.version !== 0) writeIpPacket(extra, packet.inner, source);
  extra.closeObject();
}

function writeIpPacket(extra: JsonObjectWriter, packet: IpPacket, source: Buffer): void {
  const isV4 = packet.version === 4;
  extra.key(isV4 ? KEY.source4 : KEY.source6);
  extra.value(isV4 ? 'ipv4Address' : 'ipv6Address', source, packet.srcOffset, packet.addressLength);
  extra.key(isV4 ? KEY.destination4 : KEY.destination6);
  extra.value(isV4 ? 'ipv4Address' : 'ipv6Address', source, packet.dstOffset, packet.addressLength);
  writeInteger(extra, KEY.protocol, packet.protocol);
  if (packet.tos > 0) writeInteger(extra, KEY.tos, packet.tos);
  const { srcPort, icmpType } = packet;
  if (srcPort >= 0) writeInteger(extra, KEY.sourcePort, srcPort);
  const dstPort = icmpType < 0 ? packet.dstPort : icmpType * 256 + packet.icmpCode;
  if (dstPort >= 0) writeInteger(extra, KEY.destinationPort, dstPort);
  if (packet.tcpFlags >= 0) writeInteger(extra, KEY.tcpFlags, packet.tcpFlags);
}

function writeInteger(extra: JsonObjectWriter, key: Buffer, value: number): void {
  extra.key(key);
  extra.integer(value);
}
