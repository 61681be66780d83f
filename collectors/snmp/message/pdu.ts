import { type BerFailure, type BerReader, significantStart } from '../ber/ber-reader.ts';
import {
  COUNTER32,
  COUNTER64,
  GAUGE32,
  INTEGER,
  IP_ADDRESS,
  OBJECT_IDENTIFIER,
  SEQUENCE,
  TIME_TICKS,
  TRAP_V1,
  UINTEGER32,
} from '../ber/tags.ts';
import type { KnownOid, OidTable } from '../varbind/oid-table.ts';

/** Above what fits into the largest UDP datagram: six octets each at least. */
const MAX_VARBINDS = 11_000;
const NOTHING = Buffer.alloc(0);

/** One PDU, read: numbers, and offsets into `bytes`. Used over and over; valid as long as the datagram. */
export class Pdu {
  bytes: Buffer = NOTHING;
  tag = 0;
  /** The whole elements, for a response: request-id, and variable-bindings. */
  requestIdStart = 0;
  requestIdStop = 0;
  listStart = 0;
  listStop = 0;
  requestId = 0;
  /** Of a Trap-PDU of v1 alone. */
  enterprise: KnownOid | undefined;
  agentStart = 0;
  agentLength = 0;
  generic = 0;
  specific = 0;
  /** time-stamp of v1, else sysUpTime.0; -1 without. */
  uptime = -1;
  /** Something was not as the RFCs have it. */
  trailingBytes = false;
  emptyOid = false;

  count = 0;
  readonly names: KnownOid[] = [];
  readonly tags = new Uint8Array(MAX_VARBINDS);
  readonly starts = new Int32Array(MAX_VARBINDS);
  readonly stops = new Int32Array(MAX_VARBINDS);

  /**
   * Reads the element at `reader.at` as a PDU: RFC 3416 section 3 (all but GetBulk mean the same fields), or the Trap-PDU of
   * RFC 1157 section 4.1.6.
   * @returns why not, else undefined
   */
  read(reader: BerReader, limit: number, oids: OidTable): BerFailure | undefined {
    this.#forget(reader.bytes);
    if (!reader.next(limit)) return reader.failure;
    this.tag = reader.tag;
    const end = reader.stop;
    reader.at = reader.start;
    if (this.tag === TRAP_V1) this.#readTrapHeader(reader, end, oids);
    else this.#readHeader(reader, end);
    this.#readVarbinds(reader, end, oids);
    this.trailingBytes ||= reader.at < end;
    reader.at = end;
    return reader.failure;
  }

  #forget(bytes: Buffer): void {
    this.bytes = bytes;
    this.requestId = 0;
    this.enterprise = undefined;
    this.agentLength = 0;
    this.uptime = -1;
    this.trailingBytes = false;
    this.emptyOid = false;
    this.count = 0;
  }

  #readHeader(reader: BerReader, end: number): void {
    this.requestIdStart = reader.at;
    this.requestId = reader.integer(end);
    this.requestIdStop = reader.at;
    reader.integer(end); // error-status and error-index mean nothing in a notification
    reader.integer(end);
  }

  #readTrapHeader(reader: BerReader, end: number, oids: OidTable): void {
    if (!reader.expect(OBJECT_IDENTIFIER, end)) return;
    this.enterprise = this.#oid(reader, oids);
    if (!reader.expect(IP_ADDRESS, end)) return;
    this.agentStart = reader.start;
    this.agentLength = reader.stop - reader.start;
    this.generic = reader.integer(end);
    this.specific = reader.integer(end);
    if (!reader.next(end)) return;
    if (reader.tag !== TIME_TICKS && reader.tag !== INTEGER) return void reader.fail('tag');
    this.uptime = unsigned32(reader);
  }

  #readVarbinds(reader: BerReader, end: number, oids: OidTable): void {
    this.listStart = reader.at;
    const listEnd = reader.into(SEQUENCE, end);
    while (reader.at < listEnd) {
      const varbindEnd = reader.into(SEQUENCE, listEnd);
      if (!reader.expect(OBJECT_IDENTIFIER, varbindEnd)) return;
      const name = this.#oid(reader, oids);
      if (!reader.next(varbindEnd) || name === undefined) return;
      if (this.count === MAX_VARBINDS) return void reader.fail('truncated');
      this.#checkValue(reader, oids);
      this.names[this.count] = name;
      this.tags[this.count] = reader.tag;
      this.starts[this.count] = reader.start;
      this.stops[this.count] = reader.stop;
      this.count += 1;
      if (reader.at < varbindEnd) {
        this.trailingBytes = true;
        reader.at = varbindEnd;
      }
    }
    this.listStop = reader.at;
  }

  #oid(reader: BerReader, oids: OidTable): KnownOid | undefined {
    if (reader.start === reader.stop) this.emptyOid = true;
    const oid = oids.find(reader.bytes, reader.start, reader.stop);
    if (oid === undefined) reader.fail('oid');
    return oid;
  }

  /** Whatever is written later without looking again: widths of integers, and OIDs. */
  #checkValue(reader: BerReader, oids: OidTable): void {
    const { tag, start, stop } = reader;
    if (tag === OBJECT_IDENTIFIER) return void this.#oid(reader, oids);
    if (tag === INTEGER) return limitWidth(reader, significantStart(reader.bytes, start, stop), 8);
    if (tag === COUNTER64) return limitWidth(reader, unsignedStart(reader.bytes, start, stop), 8);
    const unsigned = tag === COUNTER32 || tag === GAUGE32 || tag === TIME_TICKS || tag === UINTEGER32;
    if (unsigned) unsigned32(reader);
  }
}

/**
 * The element read last, as an unsigned integer of 32 bits. A sender that forgot the leading zero, and so sent a negative one,
 * meant the unsigned one: net-snmp reads it so too. An empty one is 0.
 */
function unsigned32(reader: BerReader): number {
  const value = unsigned32At(reader.bytes, reader.start, reader.stop);
  if (value < 0) reader.fail('integer-size');
  return Math.max(value, 0);
}

/** The same for content that stands somewhere; -1 for what is wider. */
export function unsigned32At(bytes: Buffer, start: number, stop: number): number {
  const from = significantStart(bytes, start, stop);
  const length = stop - from;
  if (length === 0) return 0;
  if (length <= 4) return bytes.readIntBE(from, length) >>> 0;
  return length === 5 && bytes[from] === 0 ? bytes.readUInt32BE(from + 1) : -1;
}

/** Where an unsigned integer starts without leading zeros. */
export function unsignedStart(bytes: Buffer, start: number, stop: number): number {
  let at = start;
  while (at < stop - 1 && bytes[at] === 0) at += 1;
  return at;
}

function limitWidth(reader: BerReader, from: number, octets: number): void {
  if (reader.stop - from > octets) reader.fail('integer-size');
}
