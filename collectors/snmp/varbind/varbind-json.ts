import { significantStart } from '../ber/ber-reader.ts';
import {
  COUNTER32,
  COUNTER64,
  END_OF_MIB_VIEW,
  GAUGE32,
  INTEGER,
  IP_ADDRESS,
  NO_SUCH_INSTANCE,
  NO_SUCH_OBJECT,
  NULL,
  OBJECT_IDENTIFIER,
  OCTET_STRING,
  TIME_TICKS,
  UINTEGER32,
} from '../ber/tags.ts';
import { writeHex, writeIpv4, writeIpv6 } from '../../flow/values/json-address.ts';
import { writeInteger, writeSigned, writeUnsigned } from '../../flow/values/json-number.ts';
import { unsigned32At, unsignedStart } from '../message/pdu.ts';
import { isPlainAscii, printableText, withoutTrailingZeros } from './octet-text.ts';
import type { KnownOid, OidTable } from './oid-table.ts';
import {
  DOUBLE,
  FLOAT,
  INTEGER64,
  kindOf,
  OPAQUE_COUNTER,
  OPAQUE_HEADER_OCTETS,
  typeName,
  UNSIGNED64,
} from './value-kind.ts';

/** The most bytes of all varbinds of a notification. Real ones have some hundred; the largest datagram may need this. */
const MAX_VARBINDS_BYTES = 768 * 1024;
/** The longest text for people beside a value, in UTF-16 units. */
const MAX_TEXT_LENGTH = 1024;
/** The most that one varbind needs beside its head and four times its value: texts with each unit escaped, two OIDs. */
const MARGIN_BYTES = 6 * MAX_TEXT_LENGTH + 4096;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const CLOSE_BRACE = 0x7d;
const NULL_LITERAL = Buffer.from('null');
const HEX_SUFFIX = Buffer.from(',"encoding":"hex"');
const TEXT_KEY = Buffer.from(',"text":');

/**
 * Writes varbinds as the JSON of the column `varbinds`, in memory of its own that is used over and over:
 * `[{"oid":"1.3…","name":"MODULE::object.index","type":"…","value":…,"text":"…"}, …]`, `name` and `text` where known.
 *
 * | type | value |
 * |---|---|
 * | Integer, Counter32, Gauge32, TimeTicks, Counter64, Integer64, Unsigned64, Float, Double | number with all its digits |
 * | OctetString | the text where it is printable UTF-8; else hexadecimal, with `"encoding":"hex"` |
 * | ObjectIdentifier, IpAddress | text |
 * | Null, noSuchObject, noSuchInstance, endOfMibView | null |
 * | Opaque, NsapAddress, `Tag0x..`, an address of an odd length | hexadecimal, with `"encoding":"hex"` |
 */
export class VarbindJson {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(MAX_VARBINDS_BYTES);
  readonly #oids: OidTable;
  #at = 0;

  constructor(oids: OidTable) {
    this.#oids = oids;
  }

  /** Forgets the varbinds before. */
  begin(): void {
    this.bytes[0] = OPEN_BRACKET;
    this.#at = 1;
  }

  /** Closes the array, and says how many of `bytes` it takes. */
  end(): number {
    this.bytes[this.#at] = CLOSE_BRACKET;
    return this.#at + 1;
  }

  /** Adds a varbind whose value `Pdu` has checked. Returns false, and adds nothing, where it might not fit. */
  add(oid: KnownOid, tag: number, source: Buffer, start: number, stop: number): boolean {
    const kind = kindOf(tag, source, start, stop);
    if (oid.headTag !== kind) makeHead(oid, kind);
    const { head } = oid;
    if (this.#at + head.length + 4 * (stop - start) + MARGIN_BYTES > MAX_VARBINDS_BYTES) return false;
    if (this.#at > 1) this.bytes[this.#at++] = COMMA;
    this.#literal(head);
    this.#value(oid, kind, source, start, stop);
    this.bytes[this.#at++] = CLOSE_BRACE;
    return true;
  }

  #value(oid: KnownOid, kind: number, source: Buffer, start: number, stop: number): void {
    switch (kind) {
      case OCTET_STRING:
        return this.#octets(oid, source, start, stop);
      case INTEGER:
        return this.#integer(oid, source, start, stop);
      case COUNTER32:
      case GAUGE32:
      case TIME_TICKS:
      case UINTEGER32: {
        const value = unsigned32At(source, start, stop);
        this.#at = writeInteger(value, this.bytes, this.#at);
        return this.#text(oid.name?.integerText?.(value));
      }
      case OBJECT_IDENTIFIER: {
        const value = this.#oids.find(source, start, stop);
        this.#quoted(value?.textBytes ?? NULL_LITERAL);
        return this.#text(value?.name?.name);
      }
      case IP_ADDRESS:
        return this.#address(source, start, stop);
      case NULL:
      case NO_SUCH_OBJECT:
      case NO_SUCH_INSTANCE:
      case END_OF_MIB_VIEW:
        return this.#literal(NULL_LITERAL);
      case COUNTER64:
        return this.#unsigned(source, start, stop);
      default:
        return this.#rareValue(kind, source, start, stop);
    }
  }

  #rareValue(kind: number, source: Buffer, start: number, stop: number): void {
    const content = start + OPAQUE_HEADER_OCTETS;
    switch (kind) {
      case FLOAT:
        return this.#float(shortestFloat(source.readFloatBE(content)));
      case DOUBLE:
        return this.#float(source.readDoubleBE(content));
      case INTEGER64:
        return void this.#signed(source, content, stop);
      case UNSIGNED64:
      case OPAQUE_COUNTER:
        return this.#unsigned(source, content, stop);
      default:
        return this.#hex(source, start, stop);
    }
  }

  #integer(oid: KnownOid, source: Buffer, start: number, stop: number): void {
    const from = this.#signed(source, start, stop);
    if (oid.name?.integerText === undefined || stop - from > 6) return;
    this.#text(oid.name.integerText(stop === from ? 0 : source.readIntBE(from, stop - from)));
  }

  /** Where its significant octets start. */
  #signed(source: Buffer, start: number, stop: number): number {
    const from = significantStart(source, start, stop);
    this.#at =
      from === stop
        ? writeInteger(0, this.bytes, this.#at)
        : writeSigned(source, from, stop - from, this.bytes, this.#at);
    return from;
  }

  /** A Counter64 that lost its leading zero is meant unsigned. */
  #unsigned(source: Buffer, start: number, stop: number): void {
    const from = unsignedStart(source, start, stop);
    this.#at =
      from === stop
        ? writeInteger(0, this.bytes, this.#at)
        : writeUnsigned(source, from, stop - from, this.bytes, this.#at);
  }

  /** JSON has no NaN and no infinities: they stand in the text. */
  #float(value: number): void {
    if (Number.isFinite(value)) {
      this.#at += this.bytes.write(String(value), this.#at, 'latin1');
      return;
    }
    this.#literal(NULL_LITERAL);
    this.#text(String(value));
  }

  #address(source: Buffer, start: number, stop: number): void {
    const length = stop - start;
    if (length !== 4 && length !== 16) return this.#hex(source, start, stop);
    this.bytes[this.#at++] = QUOTE;
    const write = length === 4 ? writeIpv4 : writeIpv6;
    this.#at = write(source, start, this.bytes, this.#at);
    this.bytes[this.#at++] = QUOTE;
  }

  #octets(oid: KnownOid, source: Buffer, start: number, stop: number): void {
    const text = oid.name?.octetsText?.(source.subarray(start, stop));
    if (text === undefined && isPlainAscii(source, start, stop)) return this.#plain(source, start, stop);
    const printable = printableText(source, start, stop);
    if (printable !== undefined) {
      this.#string(printable);
      return this.#text(text === printable ? undefined : text);
    }
    this.#hex(source, start, stop);
    const end = withoutTrailingZeros(source, start, stop);
    this.#text(text ?? (end < stop && end > start ? printableText(source, start, end) : undefined));
  }

  #plain(source: Buffer, start: number, stop: number): void {
    const { bytes } = this;
    let at = this.#at;
    bytes[at++] = QUOTE;
    // Most strings are shorter than what a native copy costs to start.
    if (stop - start < 48) for (let index = start; index < stop; index += 1) bytes[at++] = source[index] ?? 0;
    else at += source.copy(bytes, at, start, stop);
    bytes[at++] = QUOTE;
    this.#at = at;
  }

  #hex(source: Buffer, start: number, stop: number): void {
    this.bytes[this.#at++] = QUOTE;
    this.#at = writeHex(source, start, stop - start, this.bytes, this.#at);
    this.bytes[this.#at++] = QUOTE;
    this.#literal(HEX_SUFFIX);
  }

  #text(text: string | undefined): void {
    if (text === undefined) return;
    this.#literal(TEXT_KEY);
    // jsonb refuses NUL, and half of a surrogate pair.
    this.#string(text.slice(0, MAX_TEXT_LENGTH).toWellFormed().replaceAll('\0', ''));
  }

  #string(text: string): void {
    this.#at += this.bytes.write(JSON.stringify(text), this.#at);
  }

  #quoted(ascii: Buffer): void {
    this.bytes[this.#at++] = QUOTE;
    this.#literal(ascii);
    this.bytes[this.#at++] = QUOTE;
  }

  #literal(literal: Buffer): void {
    this.bytes.set(literal, this.#at);
    this.#at += literal.length;
  }
}

/** Everything before the value. An object nearly always has the same type. */
function makeHead(oid: KnownOid, kind: number): void {
  const name = oid.nameBytes === undefined ? '' : `"name":${JSON.stringify(oid.nameBytes.toString())},`;
  oid.head = Buffer.from(`{"oid":"${oid.text}",${name}"type":"${typeName(kind)}","value":`);
  oid.headTag = kind;
}

/** 0.1 as a float is 0.100000001490116…: the shortest number that is the same float says what was meant. */
function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits += 1) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return shorter;
  }
  return value;
}
