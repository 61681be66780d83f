import { sumFlows, RETIME_AFTER_MS } from './flow-encoder.ts';
import type { ExporterIdentity, FlowEncoder, PreparedDatagram } from './flow-encoder.ts';
import type { SyntheticFlow } from './flow-mix.ts';

const HEADER_BYTES = 24;
const RECORD_BYTES = 48;
const FIRST_SWITCHED = 24; // offsets of the times within a record
const LAST_SWITCHED = 28;

/** NetFlow version 5 as Cisco's "NetFlow Export Datagram Format" has it: IPv4 only, times relative to the uptime. */
export function createNetflow5Encoder(exporter: ExporterIdentity): FlowEncoder {
  return {
    maxRecords: 30,
    overheadBytes: HEADER_BYTES,
    recordBytes: () => RECORD_BYTES,
    encode: (flows) => encode(exporter, flows),
    encodeTemplates: () => undefined,
    firstSequence: 0,
    sequenceStep: (datagram) => datagram.records, // flow_sequence: flows seen before this datagram
  };
}

function encode(exporter: ExporterIdentity, flows: readonly SyntheticFlow[]): PreparedDatagram {
  const bytes = Buffer.alloc(HEADER_BYTES + flows.length * RECORD_BYTES);
  bytes.writeUInt16BE(5, 0);
  bytes.writeUInt16BE(flows.length, 2);
  bytes.writeUInt16BE(exporter.observationDomain & 0xff_ff, 20); // engine type, engine id
  // Two bits of mode (1: packet interval), 14 of interval.
  bytes.writeUInt16BE(exporter.samplingRate > 1 ? 0x40_00 | Math.min(exporter.samplingRate, 0x3f_ff) : 0, 22);
  for (const [index, flow] of flows.entries()) writeRecord(bytes, HEADER_BYTES + index * RECORD_BYTES, flow);
  let timedAtMs = -Infinity;
  return {
    bytes,
    records: flows.length,
    optionRecords: 0,
    templates: 0,
    ...sumFlows(flows),
    stamp(sequence, nowMs) {
      const uptimeMs = nowMs - exporter.bootedAtMs;
      bytes.writeUInt32BE(uptimeMs >>> 0, 4);
      bytes.writeUInt32BE(Math.floor(nowMs / 1000), 8);
      bytes.writeUInt32BE(Math.floor((nowMs % 1000) * 1_000_000), 12);
      bytes.writeUInt32BE(sequence, 16);
      if (nowMs - timedAtMs < RETIME_AFTER_MS) return;
      timedAtMs = nowMs;
      for (const [index, flow] of flows.entries()) {
        const at = HEADER_BYTES + index * RECORD_BYTES;
        bytes.writeUInt32BE((uptimeMs - flow.startedAgoMs) >>> 0, at + FIRST_SWITCHED);
        bytes.writeUInt32BE((uptimeMs - flow.endedAgoMs) >>> 0, at + LAST_SWITCHED);
      }
    },
  };
}

function writeRecord(bytes: Buffer, at: number, flow: SyntheticFlow): void {
  flow.source.copy(bytes, at);
  flow.destination.copy(bytes, at + 4);
  flow.nextHop.copy(bytes, at + 8);
  bytes.writeUInt16BE(flow.inputInterface, at + 12);
  bytes.writeUInt16BE(flow.outputInterface, at + 14);
  bytes.writeUInt32BE(flow.packets, at + 16);
  bytes.writeUInt32BE(flow.octets, at + 20);
  bytes.writeUInt16BE(flow.sourcePort, at + 32);
  bytes.writeUInt16BE(flow.destinationPort, at + 34);
  bytes.writeUInt8(flow.tcpFlags, at + 37);
  bytes.writeUInt8(flow.protocol, at + 38);
  bytes.writeUInt8(flow.tos, at + 39);
  bytes.writeUInt16BE(flow.sourceAs, at + 40);
  bytes.writeUInt16BE(flow.destinationAs, at + 42);
  bytes.writeUInt8(flow.sourceMask, at + 44);
  bytes.writeUInt8(flow.destinationMask, at + 45);
}
