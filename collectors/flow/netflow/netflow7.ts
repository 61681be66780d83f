import { iana } from './fixed-template.ts';
import type { FieldSpecifier } from '../record/record.ts';

/** Cisco, "NetFlow Export Datagram Formats", version 7 (Catalyst 5000): a header of 24 bytes, then records of 52. */
export const NETFLOW7_HEADER_BYTES = 24;
export const NETFLOW7_RECORD_BYTES = 52;

/** The record as a template. The router that the switch bypassed goes to `extra`, as element 43 (ipv4RouterSc). */
export const NETFLOW7_FIELDS: readonly FieldSpecifier[] = iana([
  [8, 4], // source address; zero where the flow mask leaves it out
  [12, 4], // destination address
  [15, 4], // next hop
  [10, 2], // input interface
  [14, 2], // output interface
  [2, 4], // packets
  [1, 4], // octets
  [22, 4], // first packet, uptime in milliseconds
  [21, 4], // last packet
  [7, 2], // source port
  [11, 2], // destination port
  [210, 1], // which of the fields are valid: those that are not are zero
  [6, 1], // TCP flags
  [4, 1], // protocol
  [5, 1], // type of service
  [16, 2], // source AS
  [17, 2], // destination AS
  [9, 1], // source prefix length
  [13, 1], // destination prefix length
  [210, 2], // which of the fields are valid
  [43, 4], // the bypassed router
]);

/** What the header of a datagram of version 7 says. */
export interface Netflow7Header {
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
}

export function newNetflow7Header(): Netflow7Header {
  return { count: 0, claimedCount: 0, uptimeMs: 0, exportedAtMicros: 0, sequence: 0 };
}

/**
 * Reads the header of a datagram of version 7 into `header`.
 * @returns false when the datagram is shorter than a header; `header` is then as it was
 */
export function readNetflow7Header(bytes: Buffer, header: Netflow7Header): boolean {
  if (bytes.length < NETFLOW7_HEADER_BYTES) return false;
  header.claimedCount = bytes.readUInt16BE(2);
  header.count = Math.min(
    header.claimedCount,
    Math.floor((bytes.length - NETFLOW7_HEADER_BYTES) / NETFLOW7_RECORD_BYTES),
  );
  header.uptimeMs = bytes.readUInt32BE(4);
  header.exportedAtMicros = bytes.readUInt32BE(8) * 1e6 + Math.floor(bytes.readUInt32BE(12) / 1000);
  header.sequence = bytes.readUInt32BE(16);
  return true;
}
