import { RETIME_AFTER_MS, sumFlows } from './flow-encoder.ts';
import type { ExporterIdentity, FlowEncoder, PreparedDatagram } from './flow-encoder.ts';
import type { SyntheticFlow } from './flow-mix.ts';
import {
  closeSet,
  recordLength,
  splitByFamily,
  TEMPLATE_IPV4,
  TEMPLATE_IPV6,
  TEMPLATE_SAMPLING,
  templateFields,
  writeDataSet,
  writeTemplate,
  writeWords,
} from './template-records.ts';

const HEADER_BYTES = 16;
const SET_TEMPLATES = 2;
const SET_OPTION_TEMPLATES = 3;
const TWO_POW_32 = 4_294_967_296;

const times = { startId: 152, endId: 153, length: 8 } as const; // flowStartMilliseconds, flowEndMilliseconds
const FIELDS_IPV4 = templateFields({ ipv6: false, counterBytes: 8, times });
const FIELDS_IPV6 = templateFields({ ipv6: true, counterBytes: 8, times });
const LENGTH_IPV4 = recordLength(FIELDS_IPV4);
const LENGTH_IPV6 = recordLength(FIELDS_IPV6);

/** IPFIX (RFC 7011), with an option table that tells the sampling as RFC 5477 has it. */
export function createIpfixEncoder(exporter: ExporterIdentity): FlowEncoder {
  return {
    maxRecords: 0xff_ff,
    overheadBytes: HEADER_BYTES + 2 * (4 + 3), // two sets with padding
    recordBytes: (flow) => (flow.source.length === 4 ? LENGTH_IPV4 : LENGTH_IPV6),
    encode: (flows) => encode(exporter, flows),
    encodeTemplates: () => encodeTemplates(exporter),
    firstSequence: 0,
    // Section 3.1: data records sent before this message; those of option templates are data records too.
    sequenceStep: (datagram) => datagram.records + datagram.optionRecords,
  };
}

function encode(exporter: ExporterIdentity, flows: readonly SyntheticFlow[]): PreparedDatagram {
  const { ipv4, ipv6 } = splitByFamily(flows);
  const buffer = Buffer.alloc(HEADER_BYTES + 2 * 7 + ipv4.length * LENGTH_IPV4 + ipv6.length * LENGTH_IPV6);
  let end = HEADER_BYTES;
  if (ipv4.length > 0) end = writeDataSet(buffer, end, TEMPLATE_IPV4, FIELDS_IPV4, ipv4);
  const startOfIpv6 = end;
  if (ipv6.length > 0) end = writeDataSet(buffer, end, TEMPLATE_IPV6, FIELDS_IPV6, ipv6);
  const bytes = buffer.subarray(0, end);
  writeHeader(bytes, exporter);
  let timedAtMs = -Infinity;
  return {
    bytes,
    records: flows.length,
    optionRecords: 0,
    templates: 0,
    ...sumFlows(flows),
    stamp(sequence, nowMs) {
      stampHeader(bytes, sequence, nowMs);
      if (nowMs - timedAtMs < RETIME_AFTER_MS) return;
      timedAtMs = nowMs;
      writeTimes(bytes, HEADER_BYTES + 4, LENGTH_IPV4, ipv4, nowMs);
      writeTimes(bytes, startOfIpv6 + 4, LENGTH_IPV6, ipv6, nowMs);
    },
  };
}

/** The times are the last two fields of a record. */
function writeTimes(bytes: Buffer, start: number, length: number, flows: readonly SyntheticFlow[], nowMs: number) {
  let end = start;
  for (const flow of flows) {
    end += length;
    writeMilliseconds(bytes, end - 16, nowMs - flow.startedAgoMs);
    writeMilliseconds(bytes, end - 8, nowMs - flow.endedAgoMs);
  }
}

function writeMilliseconds(bytes: Buffer, at: number, ms: number): void {
  const whole = Math.floor(ms);
  bytes.writeUInt32BE(whole % TWO_POW_32, bytes.writeUInt32BE(Math.floor(whole / TWO_POW_32), at));
}

function encodeTemplates(exporter: ExporterIdentity): PreparedDatagram {
  const buffer = Buffer.alloc(512);
  let at = HEADER_BYTES + 4;
  at = writeTemplate(buffer, at, TEMPLATE_IPV4, FIELDS_IPV4);
  at = writeTemplate(buffer, at, TEMPLATE_IPV6, FIELDS_IPV6);
  at = closeSet(buffer, HEADER_BYTES, SET_TEMPLATES, at);
  // Four fields, the first of them the scope (observationDomainId); then selectorAlgorithm, samplingPacketInterval
  // and samplingPacketSpace.
  const optionTemplate = at;
  at = writeWords(buffer, at + 4, [TEMPLATE_SAMPLING, 4, 1, 149, 4, 304, 2, 305, 4, 306, 4]);
  at = closeSet(buffer, optionTemplate, SET_OPTION_TEMPLATES, at);
  const options = at;
  at = buffer.writeUInt32BE(exporter.observationDomain, at + 4);
  at = buffer.writeUInt16BE(1, at); // systematic, count-based: one packet, then a space
  at = buffer.writeUInt32BE(1, at);
  at = buffer.writeUInt32BE(exporter.samplingRate - 1, at);
  at = closeSet(buffer, options, TEMPLATE_SAMPLING, at);
  const bytes = buffer.subarray(0, at);
  writeHeader(bytes, exporter);
  return {
    bytes,
    records: 0,
    optionRecords: 1,
    templates: 3,
    octets: 0,
    packets: 0,
    stamp: (sequence, nowMs) => stampHeader(bytes, sequence, nowMs),
  };
}

function writeHeader(bytes: Buffer, exporter: ExporterIdentity): void {
  bytes.writeUInt16BE(10, 0);
  bytes.writeUInt16BE(bytes.length, 2);
  bytes.writeUInt32BE(exporter.observationDomain, 12);
}

function stampHeader(bytes: Buffer, sequence: number, nowMs: number): void {
  bytes.writeUInt32BE(Math.floor(nowMs / 1000), 4);
  bytes.writeUInt32BE(sequence, 8);
}
