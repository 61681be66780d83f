import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXTENSION } from '../../../../collectors/flow/packet/ip-packet.ts';
import { type FrameKind, PacketHeader } from '../../../../collectors/flow/packet/packet-header.ts';

/** Bytes by hand; blanks separate the fields. */
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/gv, ''), 'hex');

const MACS = '020000000002 020000000001';
/** 20 bytes, RFC 791: TOS b8, total length, id 1234, TTL 64, protocol, no checksum, 192.0.2.1 → 198.51.100.7. */
const ipv4 = (protocol: string, totalLength: string, fragment = '4000') =>
  `45b8 ${totalLength} 1234 ${fragment} 40${protocol} 0000 c0000201 c6336407`;
/** 40 bytes, RFC 8200: traffic class 2e, flow label abcde, 2001:db8::1 → 2001:db8::2. */
const ipv6 = (next: string, payloadLength: string) =>
  `62eabcde ${payloadLength} ${next}40 20010db8000000000000000000000001 20010db8000000000000000000000002`;
/** 20 bytes, RFC 9293: 1024 → 443, SYN and ACK. */
const TCP = '040001bb 00000001 00000002 5012ffff 00000000';

function parse(kind: FrameKind, text: string): { packet: PacketHeader; bytes: Buffer; found: boolean } {
  // with other bytes around it: offsets must count from the buffer's start, and nothing behind may be read
  const bytes = Buffer.concat([hex('ffffff'), hex(text), hex('ffffffff')]);
  const packet = new PacketHeader();
  const found = packet.parseFrame(kind, bytes, 3, bytes.length - 7);
  return { packet, bytes, found };
}

const address = (bytes: Buffer, offset: number, length: number): string =>
  bytes.subarray(offset, offset + length).toString('hex');

test('an Ethernet frame gives its addresses, the IPv4 packet and the TCP flags', () => {
  const { packet, bytes, found } = parse('ethernet', `${MACS} 0800 ${ipv4('06', '0028')} ${TCP}`);
  assert.equal(found, true);
  assert.equal(address(bytes, packet.dstMacOffset, 6), '020000000002');
  assert.equal(address(bytes, packet.srcMacOffset, 6), '020000000001');
  assert.equal(packet.etherType, 0x08_00);
  assert.equal(packet.vlan, -1);
  const { outer } = packet;
  assert.equal(outer.version, 4);
  assert.equal(address(bytes, outer.srcOffset, 4), 'c0000201');
  assert.equal(address(bytes, outer.dstOffset, 4), 'c6336407');
  assert.deepEqual([outer.tos, outer.totalLength, outer.ttl, outer.protocol], [0xb8, 40, 64, 6]);
  assert.deepEqual([outer.fragmentId, outer.fragmentFlags, outer.fragmentOffset], [0x12_34, 0x40, 0]);
  assert.deepEqual([outer.srcPort, outer.dstPort, outer.tcpFlags], [1024, 443, 0x12]);
});

test('of two VLAN tags the outer one is the frame’s and the inner one the customer’s', () => {
  const { packet } = parse('ethernet', `${MACS} 88a8 6064 8100 2007 0800 ${ipv4('06', '0028')} ${TCP}`);
  assert.deepEqual([packet.vlan, packet.vlanPriority], [100, 3]);
  assert.deepEqual([packet.innerVlan, packet.innerVlanPriority], [7, 1]);
  assert.equal(packet.outer.dstPort, 443);
});

test('MPLS labels are kept as they stand and the packet behind them is found by its first nibble', () => {
  const v4 = parse('ethernet', `${MACS} 8847 000fa040 03e8213f ${ipv4('06', '0028')} ${TCP}`);
  assert.equal(v4.packet.mplsDepth, 2);
  assert.deepEqual([...v4.packet.mplsLabels.subarray(0, 2)], [0x00_0f_a0_40, 0x03_e8_21_3f]);
  assert.equal(v4.packet.outer.dstPort, 443);
  const v6 = parse('mpls', `0000213f ${ipv6('06', '0014')} ${TCP}`);
  assert.deepEqual([v6.packet.outer.version, v6.packet.outer.dstPort], [6, 443]);
});

test('a pseudo-wire is looked into, with a control word (RFC 4385) and without one', () => {
  const frame = `020000000004 020000000003 8100 0009 0800 ${ipv4('06', '0028')} ${TCP}`;
  for (const text of [`${MACS} 8847 0000213f 00000000 ${frame}`, `${MACS} 8847 0000213f ${frame}`]) {
    const { packet, bytes } = parse('ethernet', text);
    assert.equal(address(bytes, packet.innerSrcMacOffset, 6), '020000000003');
    assert.equal(packet.innerFrameVlan, 9);
    assert.deepEqual([packet.outer.version, packet.outer.dstPort], [4, 443]);
  }
});

test('IPv6 gives class, flow label and the length with its header', () => {
  const { packet, bytes } = parse('ipv6', `${ipv6('06', '0014')} ${TCP}`);
  const { outer } = packet;
  assert.deepEqual([outer.version, outer.tos, outer.flowLabel, outer.totalLength], [6, 0x2e, 0xa_bc_de, 60]);
  assert.equal(address(bytes, outer.srcOffset, 16), '20010db8000000000000000000000001');
  assert.equal(address(bytes, outer.dstOffset, 16), '20010db8000000000000000000000002');
  assert.deepEqual([outer.protocol, outer.srcPort, outer.dstPort], [6, 1024, 443]);
});

test('IPv6 extension headers are walked to the transport', () => {
  const hopByHop = '2b00 0502 0000 0100'; // router alert; a routing header follows
  const segments = '3c02 0401 0000 0000 20010db8000000000000000000000003'; // RFC 8754, one segment left
  const destination = '3300 0104 00000000'; // padding; an authentication header follows
  const authentication = '0604 0000 00000001 00000002 000000000000000000000000'; // RFC 4302: (4 + 2) * 4 bytes
  const { packet, bytes } = parse(
    'ipv6',
    `${ipv6('00', '0054')} ${hopByHop} ${segments} ${destination} ${authentication} ${TCP}`,
  );
  const { outer } = packet;
  assert.deepEqual([outer.protocol, outer.dstPort, outer.tcpFlags], [6, 443, 0x12]);
  assert.equal(
    outer.extensions,
    EXTENSION.hopByHop | EXTENSION.routing | EXTENSION.destinationOptions | EXTENSION.authentication,
  );
  assert.equal(outer.srhLength, 24);
  assert.equal(address(bytes, outer.srhOffset + 8, 16), '20010db8000000000000000000000003');
});

test('a later fragment has no ports', () => {
  const v4 = parse('ipv4', `${ipv4('11', '001c', '20b9')} 0400 01bb 0008 0000`).packet.outer;
  assert.deepEqual([v4.protocol, v4.srcPort, v4.fragmentOffset, v4.fragmentFlags], [17, -1, 0xb9, 0x20]);
  const v6 = parse('ipv6', `${ipv6('2c', '0010')} 1100 05c9 00001234 0400 01bb 0008 0000`).packet.outer;
  assert.deepEqual([v6.protocol, v6.srcPort, v6.fragmentOffset, v6.fragmentId], [17, -1, 185, 0x12_34]);
});

test('ICMP gives type and code', () => {
  assert.deepEqual(icmp(parse('ipv4', `${ipv4('01', '001c')} 0301 0000 00000000`)), [3, 1, -1]);
  assert.deepEqual(icmp(parse('ipv6', `${ipv6('3a', '0008')} 8700 0000 00000000`)), [135, 0, -1]);
});

function icmp({ packet: { outer } }: { packet: PacketHeader }): number[] {
  return [outer.icmpType, outer.icmpCode, outer.dstPort];
}

test('what pads a short frame is not read as transport', () => {
  const { packet } = parse('ethernet', `${MACS} 0800 ${ipv4('06', '0014')} 040001bb 00000000`);
  assert.equal(packet.outer.srcPort, -1);
});

test('GRE is opened, with its key (RFC 2890)', () => {
  const { packet, bytes } = parse('ipv4', `${ipv4('2f', '0044')} 2000 86dd 0000002a ${ipv6('06', '0014')} ${TCP}`);
  assert.deepEqual([packet.tunnel, packet.tunnelKey], ['gre', 42]);
  assert.deepEqual([packet.outer.protocol, packet.outer.srcPort], [47, -1]);
  assert.deepEqual([packet.inner.version, packet.inner.dstPort], [6, 443]);
  assert.equal(address(bytes, packet.inner.dstOffset, 16), '20010db8000000000000000000000002');
});

test('ERSPAN type II is opened, behind its sequence number', () => {
  const { packet } = parse(
    'ipv4',
    `${ipv4('2f', '0062')} 1000 88be 00000001 1064 0007 00000000 ${MACS} 0800 ${ipv4('06', '0028')} ${TCP}`,
  );
  assert.deepEqual([packet.tunnel, packet.tunnelKey, packet.inner.dstPort], ['erspan', 7, 443]);
});

test('VXLAN (RFC 7348) and Geneve (RFC 8926) are opened', () => {
  const inner = `${MACS} 0800 ${ipv4('06', '0028')} ${TCP}`;
  const vxlan = parse('ipv4', `${ipv4('11', '005a')} c000 12b5 0046 0000 08000000 00012c00 ${inner}`).packet;
  assert.deepEqual([vxlan.tunnel, vxlan.tunnelKey, vxlan.inner.dstPort], ['vxlan', 300, 443]);
  assert.equal(vxlan.outer.dstPort, 4789);
  const geneve = parse('ipv4', `${ipv4('11', '005e')} c000 17c1 004a 0000 0100 6558 00012c00 01020300 ${inner}`).packet;
  assert.deepEqual([geneve.tunnel, geneve.tunnelKey, geneve.inner.dstPort], ['geneve', 300, 443]);
});

test('IP within IP is opened, one level', () => {
  const v4 = parse('ipv4', `${ipv4('04', '003c')} ${ipv4('06', '0028')} ${TCP}`).packet;
  assert.deepEqual([v4.tunnel, v4.inner.version, v4.inner.dstPort], ['ipip', 4, 443]);
  const v6 = parse('ipv4', `${ipv4('29', '0050')} ${ipv6('06', '0014')} ${TCP}`).packet;
  assert.deepEqual([v6.tunnel, v6.inner.version, v6.inner.dstPort], ['ipip', 6, 443]);
});

test('GTP user data is opened behind its extension headers (3GPP TS 29.281)', () => {
  const { packet } = parse(
    'ipv4',
    `${ipv4('11', '0050')} 0868 0868 003c 0000 34ff 0030 00000063 0000 0085 01 000100 ${ipv4('06', '0028')} ${TCP}`,
  );
  assert.deepEqual([packet.tunnel, packet.tunnelKey, packet.inner.dstPort], ['gtp', 99, 443]);
});

test('PPPoE and PPP lead to the packet', () => {
  const pppoe = parse('ethernet', `${MACS} 8864 11000001002a 0021 ${ipv4('06', '0028')} ${TCP}`);
  assert.equal(pppoe.packet.outer.dstPort, 443);
  assert.equal(parse('ppp', `ff03 0057 ${ipv6('06', '0014')} ${TCP}`).packet.outer.dstPort, 443);
});

test('a frame that is not IP says so and keeps its type', () => {
  const { packet, found } = parse('ethernet', `${MACS} 0806 0001080006040001`);
  assert.deepEqual([found, packet.etherType, packet.outer.version], [false, 0x08_06, 0]);
});

test('a header cut at any length gives no more than it has, and forgets the one before', () => {
  const whole = hex(`${MACS} 8100 0064 86dd ${ipv6('00', '005a')} 2b00050200000100 3c02040100000000
    20010db8000000000000000000000003 0400 0104 00000000 ${ipv4('06', '0028')} ${TCP}`);
  const packet = new PacketHeader();
  for (let length = whole.length; length >= 0; length -= 1) {
    packet.parseFrame('ethernet', whole, 0, whole.length);
    const cut = Buffer.from(whole.subarray(0, length));
    packet.parseFrame('ethernet', cut, 0, whole.length); // (a length that lies)
    for (const each of [packet.outer, packet.inner]) {
      assert.ok(each.dstOffset < 0 || each.dstOffset + each.addressLength <= length);
      assert.ok(each.srhOffset + each.srhLength <= length);
      assert.ok(each.tcpFlags < 0 || each.transportOffset + 14 <= length);
    }
    assert.ok(packet.srcMacOffset + 6 <= Math.max(length, 5));
    if (length < 18 + 40) assert.equal(packet.outer.version, 0);
    if (length < whole.length - 40) assert.equal(packet.inner.version, 0);
  }
});

test('endless stacks of tags and labels end', () => {
  const tags = parse('ethernet', MACS + '81000001'.repeat(4000)).packet;
  assert.deepEqual([tags.vlan, tags.innerVlan, tags.outer.version], [1, 1, 0]);
  assert.equal(tags.etherType, 0x81_00); // nobody reads further than four
  const labels = parse('mpls', '00001000'.repeat(4000)).packet;
  assert.equal(labels.mplsDepth, 8);
});
