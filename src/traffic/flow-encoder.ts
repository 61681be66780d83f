import type { SyntheticFlow } from './flow-mix.ts';

/** Who an exporter says it is. */
export interface ExporterIdentity {
  /** v5: engine type and id, up to 65,535; v9: source id; IPFIX: observation domain; sFlow: sub-agent. */
  readonly observationDomain: number;
  /** Of a sFlow agent, 4 or 16 bytes. */
  readonly agentAddress: Buffer;
  /** 1 in N. */
  readonly samplingRate: number;
  /** Milliseconds since the Unix epoch. */
  readonly bootedAtMs: number;
}

/** A datagram that is ready but for its sequence number and times, which `stamp` writes just before it is sent. */
export interface PreparedDatagram {
  readonly bytes: Buffer;
  /** Flow records, or flow samples. */
  readonly records: number;
  readonly optionRecords: number;
  readonly templates: number;
  /** Sums over the records as a collector should read them; without sampling applied. */
  readonly octets: number;
  readonly packets: number;
  /** `sequence`: modulo 2^32. `nowMs`: since the Unix epoch. */
  stamp(sequence: number, nowMs: number): void;
}

/** One exporter's way to put flows into datagrams of one protocol. */
export interface FlowEncoder {
  /** The most records that the format can count. */
  readonly maxRecords: number;
  /** An upper bound of everything but records. */
  readonly overheadBytes: number;
  recordBytes(flow: SyntheticFlow): number;
  encode(flows: readonly SyntheticFlow[]): PreparedDatagram;
  /** What a collector must know before data; undefined where the format has no templates. */
  encodeTemplates(): PreparedDatagram | undefined;
  /** The first datagram's number as the protocol's documents have it. */
  readonly firstSequence: number;
  /** By how much `datagram` advances the sequence number: its records, or 1 where datagrams are counted. */
  sequenceStep(datagram: PreparedDatagram): number;
}

/** The sums that a collector should come to. */
export function sumFlows(flows: readonly SyntheticFlow[]): { octets: number; packets: number } {
  let octets = 0;
  let packets = 0;
  for (const flow of flows) {
    octets += flow.octets;
    packets += flow.packets;
  }
  return { octets, packets };
}

/**
 * Record times would fall behind while prepared datagrams are sent again and again: they are moved along with the
 * clock, but not more than once a second, since that touches every record.
 */
export const RETIME_AFTER_MS = 1000;
