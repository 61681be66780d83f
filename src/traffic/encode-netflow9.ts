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

const HEADER_BYTES = 20;
const SET_TEMPLATES = 0;
const SET_OPTION_TEMPLATES = 1;
const SCOPE_SYSTEM = 1;

const times = { startId: 22, endId: 21, length: 4 } as const; // FIRST_SWITCHED, LAST_SWITCHED: uptime, ms
const FIELDS_IPV4 = templateFields({ ipv6: false, counterBytes: 4, times });
const FIELDS_IPV6 = templateFields({ ipv6: true, counterBytes: 4, times });
const LENGTH_IPV4 = recordLength(FIELDS_IPV4);
const LENGTH_IPV6 = recordLength(FIELDS_IPV6);

/** NetFlow version 9 (RFC 3954), with an option table that tells the sampling interval. */
export function createNetflow9Encoder(exporter: ExporterIdentity): FlowEncoder {
  return {
    maxRecords: 0xff_ff,
    overheadBytes: HEADER_BYTES + 2 * (4 + 3), // two sets with padding
    recordBytes: (flow) => (flow.source.length === 4 ? LENGTH_IPV4 : LENGTH_IPV6),
    encode: (flows) => encode(exporter, flows),
    encodeTemplates: () => encodeTemplates(exporter),
    firstSequence: 0,
    sequenceStep: () => 1, // section 5.1: export packets, of any content
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
  writeHeader(bytes, exporter, flows.length);
  let timedAtMs = -Infinity;
  return {
    bytes,
    records: flows.length,
    optionRecords: 0,
    templates: 0,
    ...sumFlows(flows),
    stamp(sequence, nowMs) {
      stampHeader(bytes, exporter, sequence, nowMs);
      if (nowMs - timedAtMs < RETIME_AFTER_MS) return;
      timedAtMs = nowMs;
      const uptimeMs = nowMs - exporter.bootedAtMs;
      writeTimes(bytes, HEADER_BYTES + 4, LENGTH_IPV4, ipv4, uptimeMs);
      writeTimes(bytes, startOfIpv6 + 4, LENGTH_IPV6, ipv6, uptimeMs);
    },
  };
}

/** The times are the last two fields of a record. */
function writeTimes(bytes: Buffer, start: number, length: number, flows: readonly SyntheticFlow[], uptimeMs: number) {
  let end = start;
  for (const flow of flows) {
    end += length;
    bytes.writeUInt32BE((uptimeMs - flow.startedAgoMs) >>> 0, end - 8);
    bytes.writeUInt32BE((uptimeMs - flow.endedAgoMs) >>> 0, end - 4);
  }
}

function encodeTemplates(exporter: ExporterIdentity): PreparedDatagram {
  const buffer = Buffer.alloc(512);
  let at = HEADER_BYTES + 4;
  at = writeTemplate(buffer, at, TEMPLATE_IPV4, FIELDS_IPV4);
  at = writeTemplate(buffer, at, TEMPLATE_IPV6, FIELDS_IPV6);
  at = closeSet(buffer, HEADER_BYTES, SET_TEMPLATES, at);
  // Section 6.1: lengths of scope and options in bytes, then the scope, then 34 (interval) and 35 (algorithm).
  const optionTemplate = at;
  at = writeWords(buffer, at + 4, [TEMPLATE_SAMPLING, 4, 8, SCOPE_SYSTEM, 4, 34, 4, 35, 1]);
  at = closeSet(buffer, optionTemplate, SET_OPTION_TEMPLATES, at);
  const options = at;
  at = buffer.writeUInt32BE(exporter.samplingRate, at + 8); // behind an empty scope
  at = buffer.writeUInt8(2, at); // random
  at = closeSet(buffer, options, TEMPLATE_SAMPLING, at);
  const bytes = buffer.subarray(0, at);
  writeHeader(bytes, exporter, 4);
  return {
    bytes,
    records: 0,
    optionRecords: 1,
    templates: 3,
    octets: 0,
    packets: 0,
    stamp: (sequence, nowMs) => stampHeader(bytes, exporter, sequence, nowMs),
  };
}

function writeHeader(bytes: Buffer, exporter: ExporterIdentity, count: number): void {
  bytes.writeUInt16BE(9, 0);
  bytes.writeUInt16BE(count, 2);
  bytes.writeUInt32BE(exporter.observationDomain, 16);
}

function stampHeader(bytes: Buffer, exporter: ExporterIdentity, sequence: number, nowMs: number): void {
  bytes.writeUInt32BE((nowMs - exporter.bootedAtMs) >>> 0, 4);
  bytes.writeUInt32BE(Math.floor(nowMs / 1000), 8);
  bytes.writeUInt32BE(sequence, 12);
}
