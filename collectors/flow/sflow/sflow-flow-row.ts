import {
  JSONB_VERSION,
  writeChar,
  writeFieldCount,
  writeInet,
  writeInt2,
  writeInt4,
  writeInt8,
  writeNull,
  writeTimestamp,
} from '../../copy-format.ts';
import type { RowSink } from '../../row-sink.ts';
import type { JsonObjectWriter } from '../values/json-object.ts';
import { SAMPLING_SOURCE } from '../record/record.ts';
import type { SampledFlow } from './sampled-flow.ts';
import type { SflowExporterState } from './sflow-result.ts';
import { FLOWS } from '../tables.ts';

/** More than all columns but `extra` can take. */
const FIXED_BYTES = 2 + FLOWS.columns.length * 24;
const MAX_INT4 = 0x7f_ff_ff_ff;

/**
 * Writes one row of `flows`, in the order of `FLOWS`. `source`: the datagram that the flow's offsets count in.
 * `discarded`: the device dropped the packet and says so. It is no traffic and was not sampled: the row has no counts and
 * no rate, so that sums over `flows` need not know of it.
 */
export function writeFlowRow(
  flow: SampledFlow,
  extra: JsonObjectWriter,
  source: Buffer,
  receivedAtMicros: number,
  subAgentId: number,
  state: SflowExporterState,
  discarded: boolean,
  sink: RowSink,
): void {
  const extraLength = extra.isEmpty ? 0 : extra.end();
  sink.reserve(FIXED_BYTES + 5 + extraLength);
  const out = sink.bytes;
  let at = writeFieldCount(out, sink.position, FLOWS.columns.length);
  at = writeTimestamp(out, at, receivedAtMicros);
  at = writeTimestamp(out, at, receivedAtMicros); // sFlow has no clock: the flow is one packet, now
  at = writeTimestamp(out, at, receivedAtMicros);
  at = discarded ? writeNull(out, at) : writeCount(out, at, flow.octets);
  at = discarded ? writeNull(out, at) : writeInt8(out, at, 1);
  at = writeCount(out, at, flow.inIf);
  at = writeCount(out, at, flow.outIf);
  at = writeNonZero(out, at, flow.srcAs);
  at = writeNonZero(out, at, flow.dstAs);
  at = writeNonZero(out, at, subAgentId);
  at = flow.srcPort < 0 ? writeNull(out, at) : writeInt4(out, at, flow.srcPort);
  at = flow.dstPort < 0 ? writeNull(out, at) : writeInt4(out, at, flow.dstPort);
  const rate = discarded ? 0 : samplingRate(flow, state);
  at = rate === 0 ? writeNull(out, at) : writeInt4(out, at, Math.min(rate, MAX_INT4));
  at = writeSmall(out, at, flow.protocol);
  at = writeSmall(out, at, flow.tcpFlags);
  at = writeSmall(out, at, flow.tos);
  at = writeMask(out, at, flow.srcMask);
  at = writeMask(out, at, flow.dstMask);
  at = writeVlan(out, at, flow.switchVlan > 0 ? flow.switchVlan : flow.taggedVlan);
  at = writeSmall(out, at, flow.direction);
  at = rate === 0 ? writeNull(out, at) : writeChar(out, at, samplingSource(flow, state));
  at += state.exporterField.copy(out, at);
  const addressLength = flow.ipVersion === 6 ? 16 : 4;
  at = flow.srcOffset < 0 ? writeNull(out, at) : writeInet(out, at, source, flow.srcOffset, addressLength);
  at = flow.dstOffset < 0 ? writeNull(out, at) : writeInet(out, at, source, flow.dstOffset, addressLength);
  at = writeNextHop(out, at, source, flow);
  at = writeNull(out, at); // application_id
  at = extraLength === 0 ? writeNull(out, at) : writeExtra(out, at, extra.bytes, extraLength);
  sink.commit(at, 1);
}

function samplingRate(flow: SampledFlow, { sampling }: SflowExporterState): number {
  if (sampling.override > 0) return sampling.override;
  return flow.samplingRate > 0 ? flow.samplingRate : sampling.fallback;
}

function samplingSource(flow: SampledFlow, { sampling }: SflowExporterState): number {
  if (sampling.override > 0) return SAMPLING_SOURCE.configuredExporter;
  return flow.samplingRate > 0 ? SAMPLING_SOURCE.record : sampling.fallbackSource;
}

/** NULL below zero. */
function writeCount(out: Buffer, at: number, value: number): number {
  return value < 0 ? writeNull(out, at) : writeInt8(out, at, value);
}

function writeNonZero(out: Buffer, at: number, value: number): number {
  return value <= 0 ? writeNull(out, at) : writeInt8(out, at, value);
}

function writeSmall(out: Buffer, at: number, value: number): number {
  return value < 0 || value > 0x7f_ff ? writeNull(out, at) : writeInt2(out, at, value);
}

function writeMask(out: Buffer, at: number, value: number): number {
  return value <= 0 || value > 128 ? writeNull(out, at) : writeInt2(out, at, value);
}

/** Agents write 0xffffffff for "unknown". */
function writeVlan(out: Buffer, at: number, value: number): number {
  return value <= 0 || value > 4095 ? writeNull(out, at) : writeInt2(out, at, value);
}

function writeNextHop(out: Buffer, at: number, source: Buffer, flow: SampledFlow): number {
  if (flow.nextHopOffset >= 0) return writeInet(out, at, source, flow.nextHopOffset, flow.nextHopLength);
  if (flow.bgpNextHopOffset >= 0) return writeInet(out, at, source, flow.bgpNextHopOffset, flow.bgpNextHopLength);
  return writeNull(out, at);
}

function writeExtra(out: Buffer, at: number, json: Buffer, length: number): number {
  let next = out.writeInt32BE(length + 1, at);
  next = out.writeUInt8(JSONB_VERSION, next);
  json.copy(out, next, 0, length);
  return next + length;
}
