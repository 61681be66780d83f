import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SampleDropCounter } from '../../../../collectors/flow/sflow/sflow-drops.ts';
import { SflowHeader } from '../../../../collectors/flow/sflow/sflow-header.ts';
import { ethernetFrame, udpDatagram } from '../../../support/frames.ts';
import {
  counterSample,
  discardedPacket,
  expandedFlowSample,
  flowSample,
  rawHeader,
  sflowDatagram,
  structure,
  xdr,
} from '../../../support/sflow-datagram.ts';
import { ARRIVED_AT, decodeSflow, exporterState, member, type Row, samplingView } from '../../../support/sflow-rows.ts';

const DNS = udpDatagram(5353, 53, Buffer.alloc(22));
const FRAME = ethernetFrame({ protocol: 17, source: '192.0.2.10', destination: '198.51.100.7', tos: 0xb8 }, DNS);
const IP_BYTES = 20 + 8 + 22;
const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/gv, ''), 'hex');

/** The one row of a datagram with one flow sample. */
function rowOf(sample: Buffer, state = exporterState()): Row {
  const { flows, result } = decodeSflow([sflowDatagram([sample])], state);
  assert.equal(result.errors, 0);
  assert.equal(flows.length, 1);
  return flows[0] ?? {};
}

const extraOf = (sample: Buffer): unknown => rowOf(sample)['extra'];

test('a flow sample with a raw header becomes one row', () => {
  assert.deepEqual(rowOf(flowSample([rawHeader(FRAME)])), {
    received_at: ARRIVED_AT,
    flow_start: ARRIVED_AT,
    flow_end: ARRIVED_AT,
    bytes: IP_BYTES,
    packets: 1,
    in_if: 3,
    out_if: 4,
    observation_domain: 5,
    src_port: 5353,
    dst_port: 53,
    sampling_rate: 1000,
    protocol: 17,
    tos: 0xb8,
    direction: 0,
    sampling_source: 'r',
    exporter: '192.0.2.1',
    src_addr: '192.0.2.10',
    dst_addr: '198.51.100.7',
    extra: { sourceMacAddress: '02:00:00:00:00:01', destinationMacAddress: '02:00:00:00:00:02' },
  });
});

test('the header can be read alone, with either family of agent', () => {
  const header = new SflowHeader();
  const v6 = xdr(5, 2, bytes('20010db8000000000000000000000009'), 1, 2, 3, 0);
  assert.equal(header.read(v6), true);
  assert.deepEqual([header.agentOffset, header.agentLength, header.subAgentId], [8, 16, 1]);
  assert.deepEqual([header.sequence, header.uptimeMs, header.sampleCount, header.bodyOffset], [2, 3, 0, 40]);
  assert.equal(header.read(sflowDatagram([])), true);
  assert.deepEqual([header.agentLength, header.subAgentId, header.sequence, header.uptimeMs], [4, 5, 77, 10_000]);
  assert.equal(header.read(xdr(5, 3, 0, 0, 0, 0, 0)), false);
  assert.equal(header.read(xdr(4, 1, 0, 0, 0, 0, 0)), false);
});

test('an IP header that claims more than the frame had is not believed', () => {
  const frame = Buffer.from(FRAME);
  frame.writeUInt16BE(60_000, 16);
  assert.equal(rowOf(flowSample([rawHeader(frame, 68)]))['bytes'], 68);
});

test('a frame without IP counts with its own length and tells its type', () => {
  const row = rowOf(flowSample([rawHeader(bytes('ffffffffffff 020000000001 0806 0001080006040001'), 64)]));
  assert.equal(row['bytes'], 64);
  assert.equal(row['protocol'], undefined);
  assert.equal(member(row, 'extra', 'ethernetType'), 0x08_06);
});

test('the operator’s rate goes before the sample’s, the default only where there is none', () => {
  const rate = (sample: Buffer, override: number, fallback: number) => {
    const row = rowOf(sample, exporterState(samplingView(override, fallback)));
    return [row['sampling_rate'], row['sampling_source']];
  };
  assert.deepEqual(rate(flowSample([]), 64, 0), [64, 'c']);
  assert.deepEqual(rate(flowSample([], { rate: 0 }), 0, 512), [512, 'd']);
  assert.deepEqual(rate(flowSample([], { rate: 0 }), 0, 0), [undefined, undefined]);
  assert.deepEqual(rate(flowSample([], { rate: 0xff_ff_ff_ff }), 0, 0), [0x7f_ff_ff_ff, 'r']);
});

test('interfaces that are none are NULL, and several or none on the way out are told', () => {
  const row = (input: number, output: number) => rowOf(flowSample([], { input, output }));
  const local = row(3, 0x3f_ff_ff_ff);
  assert.deepEqual([local['in_if'], local['out_if'], local['extra']], [3, undefined, undefined]);
  const several = row(3, 0x80_00_00_07);
  assert.deepEqual([several['out_if'], several['extra']], [undefined, { output_interfaces: 7 }]);
  const dropped = row(3, 0x40_00_01_02);
  assert.deepEqual([dropped['out_if'], dropped['extra']], [undefined, { forwardingStatus: 128, drop_reason: 'acl' }]);
  assert.equal(row(0, 4)['in_if'], undefined);
});

test('the index of an expanded sample is not masked', () => {
  const row = rowOf(expandedFlowSample([], [0, 1_258_293_248], [0, 0xff_ff_ff_00], [0, 1_258_293_248]));
  assert.deepEqual([row['in_if'], row['out_if'], row['direction']], [1_258_293_248, 0xff_ff_ff_00, 0]);
});

test('the source says which way the packet went; one that is neither interface is kept', () => {
  assert.equal(rowOf(flowSample([], { source: 4 }))['direction'], 1);
  assert.equal(rowOf(flowSample([], { source: 4, input: 4 }))['direction'], undefined);
  const other = rowOf(flowSample([], { source: 0x02_00_00_09 }));
  assert.equal(other['direction'], undefined);
  assert.deepEqual(other['extra'], { sFlowDataSource: { ds_class: 2, ds_index: 9 } });
});

test('extended switch and router data have columns', () => {
  const switched = structure(1001, xdr(100, 3, 200, 5));
  const routed = structure(1002, xdr(1, bytes('c6336401'), 24, 16));
  const row = rowOf(flowSample([switched, routed, rawHeader(FRAME)]));
  assert.deepEqual([row['vlan'], row['next_hop'], row['src_mask'], row['dst_mask']], [100, '198.51.100.1', 24, 16]);
  const names = ['dot1qPriority', 'postVlanId', 'dst_priority'];
  assert.deepEqual(
    names.map((name) => member(row, 'extra', name)),
    [3, 200, 5],
  );
});

test('without extended switch data the VLAN is the frame’s, of two tags the outer one', () => {
  const tagged = bytes('020000000002 020000000001 88a8 0064 8100 0007 0806');
  const row = rowOf(flowSample([structure(1001, xdr(0, 0, 0xff_ff_ff_ff, 0xff_ff_ff_ff)), rawHeader(tagged, 64)]));
  assert.equal(row['vlan'], 100);
  assert.equal(member(row, 'extra', 'dot1qCustomerVlanId'), 7);
  assert.equal(member(row, 'extra', 'postVlanId'), undefined);
});

test('extended gateway data give the AS numbers at both ends and the path between', () => {
  // next hop, own AS, source AS, source peer AS; a sequence of two, a set of two; communities; local preference
  const path = xdr(2, 2, 2, 64_501, 64_502, 1, 2, 64_503, 64_504);
  const gateway = xdr(1, bytes('cb007101'), 64_500, 64_496, 64_497, path, 2, 0xfb_f4_00_64, 0xff_ff_ff_01, 100);
  const row = rowOf(flowSample([structure(1003, gateway)]));
  assert.deepEqual([row['src_as'], row['dst_as'], row['next_hop']], [64_496, 64_504, '203.0.113.1']);
  assert.deepEqual(row['extra'], {
    extended_gateway: {
      as: 64_500,
      dst_as_path: [64_501, 64_502, [64_503, 64_504]],
      communities: ['64500:100', '65535:65281'],
      localpref: 100,
    },
    bgpPrevAdjacentAsNumber: 64_497,
    bgpNextAdjacentAsNumber: 64_501,
  });
});

test('an empty AS path means this network, and the router’s next hop goes before BGP’s', () => {
  const gateway = structure(1003, xdr(1, bytes('cb007101'), 64_500, 0, 0, 0, 0, 0));
  const router = structure(1002, xdr(1, bytes('c6336401'), 0, 0));
  const row = rowOf(flowSample([gateway, router]));
  assert.deepEqual([row['src_as'], row['dst_as'], row['next_hop']], [64_500, 64_500, '198.51.100.1']);
  assert.deepEqual(row['extra'], {
    extended_gateway: { as: 64_500, dst_as_path: [], localpref: 0 },
    bgpNextHopIPv4Address: '203.0.113.1',
  });
});

test('headers that the agent decoded itself fill the columns as well', () => {
  const v4 = xdr(60, 6, bytes('c0000201 c6336407'), 1024, 443, 0x12, 8);
  const ethernet = xdr(78, bytes('020000000001 0000 020000000002 0000'), 0x08_00);
  const row = rowOf(flowSample([structure(2, ethernet), structure(3, v4)]));
  assert.deepEqual([row['bytes'], row['protocol'], row['src_port'], row['dst_port']], [60, 6, 1024, 443]);
  assert.deepEqual(
    [row['src_addr'], row['dst_addr'], row['tcp_flags'], row['tos']],
    ['192.0.2.1', '198.51.100.7', 0x12, 8],
  );
  assert.equal(member(row, 'extra', 'sourceMacAddress'), '02:00:00:00:00:01');
  const address = bytes('20010db8000000000000000000000001');
  const v6 = rowOf(flowSample([structure(4, xdr(1280, 17, address, address, 53, 53, 0, 2))]));
  assert.deepEqual([v6['bytes'], v6['src_addr'], v6['dst_port']], [1280, '2001:db8::1', 53]);
});

test('translated addresses and ports have the names of IANA’s elements', () => {
  const nat = structure(1007, xdr(1, bytes('cb007105'), 2, bytes('20010db8000000000000000000000005')));
  assert.deepEqual(extraOf(flowSample([nat, structure(1020, xdr(40_000, 443))])), {
    postNATSourceIPv4Address: '203.0.113.5',
    postNATDestinationIPv6Address: '2001:db8::5',
    postNAPTSourceTransportPort: 40_000,
    postNAPTDestinationTransportPort: 443,
  });
});

test('other structures are kept by their own names', () => {
  const sample = flowSample([
    structure(1004, xdr(106, 'ann', 106, 'bob')),
    structure(1006, xdr(1, bytes('c6336401'), 2, 0x3e_80_40, 0x3e_91_40, 0)),
    structure(1012, xdr(1, 0x81_00_00_64)),
    structure(1030, xdr(300)),
    structure(1014, xdr('lab', bytes('0200000000aa0000'), 4, 36, 866_700_000n, 40, 50, 0xff_ff_ff_ff)),
  ]);
  assert.deepEqual(extraOf(sample), {
    extended_user: { src_charset: 106, src_user: 'ann', dst_charset: 106, dst_user: 'bob' },
    extended_mpls: { nexthop: '198.51.100.1', in_stack: [0x3e_80_40, 0x3e_91_40], out_stack: [] },
    extended_vlantunnel: { stack: [0x81_00_00_64] },
    extended_vni_ingress: { vni: 300 },
    extended_80211_rx: {
      ssid: 'lab',
      bssid: '02:00:00:00:00:aa',
      version: 4,
      channel: 36,
      speed: 866_700_000,
      rsni: 40,
      rcpi: 50,
      packet_duration: null,
    },
  });
});

test('a string at the end of a structure needs no padding', () => {
  const { result, flows } = decodeSflow([
    sflowDatagram([discardedPacket([structure(1038, xdr(6, Buffer.from('foobar')))], 1)]),
  ]);
  assert.equal(result.errors, 0);
  assert.deepEqual(member(flows[0], 'extra', 'extended_function'), { symbol: 'foobar' });
});

test('labels, fragments and the packet within a tunnel are told', () => {
  const inner = ethernetFrame({ protocol: 17, source: '10.0.0.1', destination: '10.0.0.2', vlan: 9 }, DNS);
  const vxlan = udpDatagram(50_000, 4789, Buffer.concat([bytes('08000000 00012c00'), inner]));
  const packet = ethernetFrame({ protocol: 17, source: '192.0.2.10', destination: '192.0.2.11' }, vxlan).subarray(14);
  const frame = Buffer.concat([bytes('020000000002 020000000001 8847 03e8213f'), packet]);
  frame.writeUInt16BE(0x20_00, 18 + 6); // more fragments
  frame.writeUInt16BE(0x12_34, 18 + 4);
  const row = rowOf(flowSample([rawHeader(frame)]));
  assert.deepEqual([row['dst_addr'], row['dst_port']], ['192.0.2.11', 4789]);
  assert.deepEqual(row['extra'], {
    sourceMacAddress: '02:00:00:00:00:01',
    destinationMacAddress: '02:00:00:00:00:02',
    mplsTopLabelStackSection: '03e821',
    fragmentOffset: 0,
    fragmentIdentification: 0x12_34,
    tunnel: 'vxlan',
    layer2SegmentId: 300,
    inner: {
      sourceMacAddress: '02:00:00:00:00:01',
      destinationMacAddress: '02:00:00:00:00:02',
      dot1qVlanId: 9,
      sourceIPv4Address: '10.0.0.1',
      destinationIPv4Address: '10.0.0.2',
      protocolIdentifier: 17,
      sourceTransportPort: 5353,
      destinationTransportPort: 53,
    },
  });
});

test('a discarded packet is a row that says so, and no traffic that was sampled', () => {
  const row = rowOf(discardedPacket([rawHeader(FRAME), structure(1037, xdr(42, 'edge', 1))], 258));
  assert.deepEqual([row['bytes'], row['packets'], row['sampling_rate']], [undefined, undefined, undefined]);
  assert.deepEqual([row['in_if'], row['out_if']], [3, 4]);
  assert.equal(member(row, 'extra', 'droppedOctetDeltaCount'), IP_BYTES);
  assert.equal(member(row, 'extra', 'droppedPacketDeltaCount'), 1);
  assert.deepEqual([member(row, 'extra', 'forwardingStatus'), member(row, 'extra', 'drop_reason')], [128, 'acl']);
  assert.deepEqual(member(row, 'extra', 'extended_acl'), { number: 42, name: 'edge', direction: 1 });
});

test('what a vendor adds is skipped by its length and counted', () => {
  const vendor = structure(7, Buffer.alloc(12), 4413);
  const { result, flows } = decodeSflow([sflowDatagram([vendor, flowSample([vendor, rawHeader(FRAME)])])]);
  assert.deepEqual([result.skippedSamples, result.unknownStructures, result.errors], [1, 1, 0]);
  assert.equal(flows[0]?.['dst_port'], 53);
});

test('a sample of an unknown header protocol is a row all the same', () => {
  const { result, flows } = decodeSflow([sflowDatagram([flowSample([rawHeader(Buffer.alloc(24), 120, 15)])])]);
  assert.equal(result.unknownHeaders, 1);
  assert.deepEqual([flows[0]?.['bytes'], flows[0]?.['extra']], [120, { header_protocol: 15 }]);
});

test('interface counters have columns, and what the agent does not know is NULL', () => {
  const counters = xdr(3, 6, 10_000_000_000n, 1, 3, 111n, 1, 2, 3, 4, 5, 6, 2n ** 64n - 1n, -1, -1, -1, -1, 9, 0);
  const { counters: rows, result } = decodeSflow([sflowDatagram([counterSample([structure(1, counters)])])]);
  assert.deepEqual([result.counterSamples, result.errors], [1, 0]);
  const { counters: json, ...row } = rows[0] ?? {};
  assert.deepEqual(row, {
    received_at: ARRIVED_AT,
    if_index: 3,
    if_speed: 10_000_000_000,
    in_octets: 111,
    in_packets: 6,
    in_errors: 5,
    out_errors: 9,
    in_discards: 4,
    observation_domain: 5,
    source_class: 0,
    source_index: 3,
    exporter: '192.0.2.1',
  });
  const names = ['ifSpeed', 'ifInUcastPkts', 'ifOutOctets'];
  assert.deepEqual(
    names.map((name) => member(json, 'if_counters', name)),
    [1e10, 1, null],
  );
});

test('counters of a host are kept by name, unknown ones by number', () => {
  const adapters = xdr(2, 2, 1, bytes('0200000000010000'), 3, 2, bytes('0200000000020000'), bytes('0200000000030000'));
  const sample = counterSample(
    [
      structure(2000, xdr('db1', Buffer.alloc(16, 0xab), 3, 2, '6.1')),
      structure(2001, adapters),
      structure(2003, xdr(0x3f_00_00_00, 0, 0, ...Array.from({ length: 14 }, (_, index) => index))),
      structure(9, Buffer.alloc(20), 4413),
    ],
    0x02_00_00_01,
  );
  const { counters, result } = decodeSflow([sflowDatagram([sample])]);
  assert.deepEqual([result.unknownStructures, result.errors], [1, 0]);
  assert.deepEqual([counters[0]?.['if_index'], counters[0]?.['source_class']], [undefined, 2]);
  const json = counters[0]?.['counters'];
  assert.deepEqual(member(json, 'host_descr'), {
    hostname: 'db1',
    uuid: 'ab'.repeat(16),
    machine_type: 3,
    os_name: 2,
    os_release: '6.1',
  });
  assert.deepEqual(member(json, 'host_adapters'), {
    adapters: [
      { ifIndex: 2, mac_addresses: ['02:00:00:00:00:01'] },
      { ifIndex: 3, mac_addresses: ['02:00:00:00:00:02', '02:00:00:00:00:03'] },
    ],
  });
  assert.deepEqual([member(json, 'host_cpu', 'load_one'), member(json, 'host_cpu', 'contexts')], [0.5, 13]);
  assert.deepEqual(member(json, '4413:9'), { length: 20 });
});

test('the sample count is a hint: more and fewer samples than said are found', () => {
  const samples = [flowSample([rawHeader(FRAME)]), flowSample([rawHeader(FRAME)])];
  assert.equal(decodeSflow([sflowDatagram(samples, 1)]).flows.length, 2);
  const fewer = decodeSflow([sflowDatagram(samples, 9)]);
  assert.deepEqual([fewer.flows.length, fewer.result.reason], [2, 'bad_sample']);
  const oldBytes = decodeSflow([Buffer.concat([sflowDatagram(samples), Buffer.alloc(40, 0xb1)])]);
  assert.deepEqual([oldBytes.flows.length, oldBytes.result.errors], [2, 0]);
});

test('a structure that claims more than its sample has gives what is there', () => {
  const router = xdr(1002, 16, 1, bytes('c6336401')); // 8 of its 16 bytes
  const { flows, result } = decodeSflow([sflowDatagram([flowSample([router]), flowSample([rawHeader(FRAME)])])]);
  assert.deepEqual([flows[0]?.['next_hop'], flows[1]?.['dst_port']], ['198.51.100.1', 53]);
  assert.deepEqual([result.errors, result.reason], [1, 'bad_sample']);
});

test('a sample with more structures than JSON has room for keeps the first of them', () => {
  const user = structure(1004, xdr(106, '\u0001'.repeat(1000), 106, '\u0001'.repeat(1000)));
  const { flows, result } = decodeSflow([sflowDatagram([flowSample(Array<Buffer>(20).fill(user))])]);
  assert.equal(flows.length, 1);
  assert.ok(result.errors > 0);
  assert.equal(member(flows[0], 'extra', 'extended_user', 'src_user'), '\u0001'.repeat(1000));
});

test('drops are counted from one sample to the next, for each source', () => {
  const counter = new SampleDropCounter();
  assert.equal(counter.observe(0, 3, 100), 0);
  assert.equal(counter.observe(0, 4, 7), 0);
  assert.equal(counter.observe(0, 3, 105), 5);
  assert.equal(counter.observe(0, 3, 2), 0); // the agent started anew
  assert.equal(counter.observe(0, 3, 3), 1);
  assert.equal(counter.observe(0, 5, 0xff_ff_ff_ff), 0);
  assert.equal(counter.observe(0, 5, 1), 2); // modulo 2^32
  const datagrams = [10, 13].map((drops) => sflowDatagram([flowSample([], { drops })]));
  assert.equal(decodeSflow(datagrams).result.drops, 3);
});
