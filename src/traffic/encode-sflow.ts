import type { ExporterIdentity, FlowEncoder, PreparedDatagram } from './flow-encoder.ts';
import type { SyntheticFlow } from './flow-mix.ts';

const FLOW_SAMPLE = 1;
const RAW_PACKET_HEADER = 1;
const HEADER_PROTOCOL_ETHERNET = 1;
const FRAME_CHECK_BYTES = 4;
const ETHERNET_BYTES = 14;
const SAMPLE_BYTES = 8 + 32; // tag and length, then the flow sample up to its records
const RAW_RECORD_BYTES = 8 + 16; // tag and length, then the record up to the header's bytes
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const PROTOCOL_ICMP = 1;

interface SourceCounters {
  sequence: number;
  pool: number;
}

/**
 * sFlow version 5 (sflow.org, sflow_version_5.txt): flow samples with the raw header of one packet of each flow. A
 * record is a sample: one packet, of the flow's mean size; `octets` are IP total lengths.
 */
export function createSflowEncoder(exporter: ExporterIdentity): FlowEncoder {
  const counters = new Map<number, SourceCounters>(); // by data source, as the standard counts
  return {
    maxRecords: 0xff_ff,
    overheadBytes: headerBytes(exporter),
    recordBytes: (flow) => SAMPLE_BYTES + RAW_RECORD_BYTES + wholeWords(sampledHeader(flow).length),
    encode: (flows) => encode(exporter, flows, counters),
    encodeTemplates: () => undefined,
    firstSequence: 1,
    sequenceStep: () => 1,
  };
}

function headerBytes(exporter: ExporterIdentity): number {
  return 24 + exporter.agentAddress.length;
}

function encode(
  exporter: ExporterIdentity,
  flows: readonly SyntheticFlow[],
  counters: Map<number, SourceCounters>,
): PreparedDatagram {
  const samples = flows.map((flow) => encodeSample(exporter, flow));
  const header = Buffer.alloc(headerBytes(exporter));
  header.writeUInt32BE(5, 0);
  header.writeUInt32BE(exporter.agentAddress.length === 4 ? 1 : 2, 4);
  let sequenceAt = 8 + exporter.agentAddress.copy(header, 8);
  sequenceAt = header.writeUInt32BE(exporter.observationDomain, sequenceAt);
  header.writeUInt32BE(flows.length, sequenceAt + 8);
  const bytes = Buffer.concat([header, ...samples]);
  const sampleStarts: { at: number; source: SourceCounters }[] = [];
  let at = header.length;
  for (const [index, sample] of samples.entries()) {
    sampleStarts.push({ at, source: countersOf(counters, flows[index]?.inputInterface ?? 0) });
    at += sample.length;
  }
  return {
    bytes,
    records: flows.length,
    optionRecords: 0,
    templates: 0,
    octets: flows.reduce((sum, flow) => sum + packetOctets(flow), 0),
    packets: flows.length,
    stamp(sequence, nowMs) {
      bytes.writeUInt32BE(sequence, sequenceAt);
      bytes.writeUInt32BE((nowMs - exporter.bootedAtMs) >>> 0, sequenceAt + 4);
      for (const { at, source } of sampleStarts) {
        source.sequence = (source.sequence + 1) >>> 0;
        source.pool = (source.pool + exporter.samplingRate) >>> 0;
        bytes.writeUInt32BE(source.sequence, at + 8);
        bytes.writeUInt32BE(source.pool, at + 20);
      }
    },
  };
}

function countersOf(counters: Map<number, SourceCounters>, ifIndex: number): SourceCounters {
  const known = counters.get(ifIndex);
  if (known !== undefined) return known;
  const fresh = { sequence: 0, pool: 0 };
  counters.set(ifIndex, fresh);
  return fresh;
}

function encodeSample(exporter: ExporterIdentity, flow: SyntheticFlow): Buffer {
  const header = sampledHeader(flow);
  const bytes = Buffer.alloc(SAMPLE_BYTES + RAW_RECORD_BYTES + wholeWords(header.length));
  const words = [
    FLOW_SAMPLE,
    bytes.length - 8,
    0, // sequence, stamped
    flow.inputInterface, // data source: class 0 (ifIndex)
    exporter.samplingRate,
    0, // sample pool, stamped
    0, // drops
    flow.inputInterface,
    flow.outputInterface,
    1, // records
    RAW_PACKET_HEADER,
    bytes.length - SAMPLE_BYTES - 8,
    HEADER_PROTOCOL_ETHERNET,
    ETHERNET_BYTES + packetOctets(flow) + FRAME_CHECK_BYTES,
    FRAME_CHECK_BYTES, // stripped
    header.length,
  ];
  let at = 0;
  for (const word of words) at = bytes.writeUInt32BE(word, at);
  header.copy(bytes, at);
  return bytes;
}

/** IP length of the sampled packet. */
function packetOctets(flow: SyntheticFlow): number {
  return Math.max(60, Math.round(flow.octets / flow.packets));
}

/** Ethernet, IP and transport header. */
function sampledHeader(flow: SyntheticFlow): Buffer {
  const ipv6 = flow.source.length === 16;
  const transport = transportHeader(flow, packetOctets(flow) - (ipv6 ? 40 : 20));
  const ethernet = Buffer.alloc(ETHERNET_BYTES);
  ethernet.writeUInt32BE(0x02_00_00_00, 0); // locally administered addresses, by interface
  ethernet.writeUInt16BE(flow.outputInterface, 4);
  ethernet.writeUInt32BE(0x02_00_00_00, 6);
  ethernet.writeUInt16BE(flow.inputInterface, 10);
  ethernet.writeUInt16BE(ipv6 ? 0x86_dd : 0x08_00, 12);
  return Buffer.concat([ethernet, ipv6 ? ipv6Header(flow) : ipv4Header(flow), transport]);
}

function ipv4Header(flow: SyntheticFlow): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(0x45_00 | flow.tos, 0);
  header.writeUInt16BE(packetOctets(flow), 2);
  header.writeUInt16BE(0x40_00, 6); // do not fragment
  header.writeUInt16BE((63 << 8) | flow.protocol, 8);
  flow.source.copy(header, 12);
  flow.destination.copy(header, 16);
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xff_ff) sum = (sum & 0xff_ff) + (sum >>> 16);
  header.writeUInt16BE(~sum & 0xff_ff, 10);
  return header;
}

function ipv6Header(flow: SyntheticFlow): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt32BE(((6 << 28) | (flow.tos << 20)) >>> 0, 0);
  header.writeUInt16BE(packetOctets(flow) - 40, 4);
  header.writeUInt8(flow.protocol === PROTOCOL_ICMP ? 58 : flow.protocol, 6);
  header.writeUInt8(63, 7);
  flow.source.copy(header, 8);
  flow.destination.copy(header, 24);
  return header;
}

function transportHeader(flow: SyntheticFlow, octets: number): Buffer {
  const header = Buffer.alloc(flow.protocol === PROTOCOL_TCP ? 20 : 8);
  header.writeUInt16BE(flow.sourcePort, 0);
  header.writeUInt16BE(flow.destinationPort, 2);
  if (flow.protocol === PROTOCOL_TCP) header.writeUInt16BE(0x50_00 | flow.tcpFlags, 12);
  else if (flow.protocol === PROTOCOL_UDP) header.writeUInt16BE(octets, 4);
  else header.writeUInt32BE(flow.protocol === PROTOCOL_ICMP ? flow.destinationPort << 16 : 0x08_00, 0);
  return header;
}

function wholeWords(length: number): number {
  return (length + 3) & ~3;
}
