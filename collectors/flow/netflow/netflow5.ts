import type { FieldSpecifier } from '../record/record.ts';
import { iana } from './fixed-template.ts';

/** Cisco, "NetFlow Export Datagram Formats", version 5: a header of 24 bytes, then records of 48. */
export const NETFLOW5_HEADER_BYTES = 24;
export const NETFLOW5_RECORD_BYTES = 48;

/** The record as a template, for the compiler that also reads version 9 and IPFIX. */
export const NETFLOW5_FIELDS: readonly FieldSpecifier[] = iana([
  [8, 4], // source address
  [12, 4], // destination address
  [15, 4], // next hop
  [10, 2], // input interface
  [14, 2], // output interface
  [2, 4], // packets
  [1, 4], // octets, as IP counts them
  [22, 4], // first packet, uptime in milliseconds
  [21, 4], // last packet
  [7, 2], // source port
  [11, 2], // destination port; type * 256 + code for ICMP
  [210, 1],
  [6, 1], // TCP flags, all seen
  [4, 1], // protocol
  [5, 1], // type of service
  [16, 2], // source AS, of the origin or the peer as the exporter is configured
  [17, 2], // destination AS
  [9, 1], // source prefix length
  [13, 1], // destination prefix length
  [210, 2],
]);

/** What the header of a datagram of version 5 says. */
export interface Netflow5Header {
  /** Records that are there: what the header says, but no more than the datagram can hold, since counts lie. */
  count: number;
  /** What the header says. */
  claimedCount: number;
  /** sysUptime, milliseconds. */
  uptimeMs: number;
  /** Microseconds since the Unix epoch. */
  exportedAtMicros: number;
  /** Records sent before this datagram, modulo 2^32. */
  sequence: number;
  /** Engine type * 256 + engine id. */
  observationDomain: number;
  /** 0: none said; 1: one packet of every interval; 2: random. */
  samplingMode: number;
  /** One packet in so many; 0 is unknown. Some exporters give an interval and leave the mode at 0. */
  samplingInterval: number;
}

export function newNetflow5Header(): Netflow5Header {
  return {
    count: 0,
    claimedCount: 0,
    uptimeMs: 0,
    exportedAtMicros: 0,
    sequence: 0,
    observationDomain: 0,
    samplingMode: 0,
    samplingInterval: 0,
  };
}

/**
 * Reads the header of a datagram of version 5 into `header`.
 * @returns false when the datagram is shorter than a header; `header` is then as it was
 */
export function readNetflow5Header(bytes: Buffer, header: Netflow5Header): boolean {
  if (bytes.length < NETFLOW5_HEADER_BYTES) return false;
  header.claimedCount = bytes.readUInt16BE(2);
  header.count = Math.min(
    header.claimedCount,
    Math.floor((bytes.length - NETFLOW5_HEADER_BYTES) / NETFLOW5_RECORD_BYTES),
  );
  header.uptimeMs = bytes.readUInt32BE(4);
  header.exportedAtMicros = bytes.readUInt32BE(8) * 1e6 + Math.floor(bytes.readUInt32BE(12) / 1000);
  header.sequence = bytes.readUInt32BE(16);
  header.observationDomain = bytes.readUInt16BE(20);
  const sampling = bytes.readUInt16BE(22);
  header.samplingMode = sampling >> 14;
  header.samplingInterval = sampling & 0x3f_ff;
  return true;
}
