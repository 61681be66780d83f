import { iana } from './fixed-template.ts';
import type { FieldSpecifier } from '../record/record.ts';

/** NetFlow version 1: a header of 16 bytes, then records of 48. It numbers nothing, so that loss cannot be told. */
export const NETFLOW1_HEADER_BYTES = 16;
export const NETFLOW1_RECORD_BYTES = 48;

/** The record as a template. */
export const NETFLOW1_FIELDS: readonly FieldSpecifier[] = iana([
  [8, 4], // source address
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
  [210, 2],
  [4, 1], // protocol
  [5, 1], // type of service
  [6, 1], // TCP flags
  [210, 7],
]);

/** What the header of a datagram of version 1 says. */
export interface Netflow1Header {
  /** Records that are there: what the header says, but no more than the datagram can hold, since counts lie. */
  count: number;
  /** What the header says. */
  claimedCount: number;
  /** sysUptime, milliseconds. */
  uptimeMs: number;
  /** Microseconds since the Unix epoch. */
  exportedAtMicros: number;
}

export function newNetflow1Header(): Netflow1Header {
  return { count: 0, claimedCount: 0, uptimeMs: 0, exportedAtMicros: 0 };
}

/**
 * Reads the header of a datagram of version 1 into `header`.
 * @returns false when the datagram is shorter than a header; `header` is then as it was
 */
export function readNetflow1Header(bytes: Buffer, header: Netflow1Header): boolean {
  if (bytes.length < NETFLOW1_HEADER_BYTES) return false;
  header.claimedCount = bytes.readUInt16BE(2);
  header.count = Math.min(
    header.claimedCount,
    Math.floor((bytes.length - NETFLOW1_HEADER_BYTES) / NETFLOW1_RECORD_BYTES),
  );
  header.uptimeMs = bytes.readUInt32BE(4);
  header.exportedAtMicros = bytes.readUInt32BE(8) * 1e6 + Math.floor(bytes.readUInt32BE(12) / 1000);
  return true;
}
