import { encodeElement, encodeInteger } from '../../../../collectors/snmp/ber/ber-writer.ts';
import {
  GAUGE32,
  INTEGER,
  IP_ADDRESS,
  OBJECT_IDENTIFIER,
  OCTET_STRING,
  SEQUENCE,
  TIME_TICKS,
} from '../../../../collectors/snmp/ber/tags.ts';

/** A variable binding; `value` is its element with tag and length. */
export interface Varbind {
  /** Dotted numbers. */
  readonly oid: string;
  readonly value: Buffer;
}

/** RFC 2578 section 3.5. */
const MAX_SUB_IDENTIFIERS = 128;

/** Whether `text` is an OID that BER can carry: dotted numbers, two at least (X.690 8.19.4). */
export function isOid(text: string): boolean {
  if (!/^\d+(?:\.\d+)+$/.test(text)) return false;
  const arcs = text.split('.').map(Number);
  const [first = 0, second = 0] = arcs;
  const fits = arcs.length <= MAX_SUB_IDENTIFIERS && arcs.every((arc) => arc <= 0xff_ff_ff_ff);
  return fits && first <= 2 && (first === 2 ? second <= 0xff_ff_ff_ff - 80 : second < 40);
}

/** The element of an OID that `isOid` takes: X.690 8.19. */
export function encodeOid(oid: string): Buffer {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number);
  return encodeElement(OBJECT_IDENTIFIER, Buffer.from([40 * first + second, ...rest].flatMap(septets)));
}

/** A sub-identifier in groups of seven bits, all but the last marked. */
function septets(value: number): number[] {
  const groups = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) groups.unshift((rest % 128) + 128);
  return groups;
}

export function encodeVarbind({ oid, value }: Varbind): Buffer {
  return encodeElement(SEQUENCE, encodeOid(oid), value);
}

export const integer = (oid: string, value: number): Varbind => ({ oid, value: encodeInteger(INTEGER, value) });
export const gauge = (oid: string, value: number): Varbind => ({ oid, value: encodeInteger(GAUGE32, value) });
export const ticks = (oid: string, value: number): Varbind => ({ oid, value: encodeInteger(TIME_TICKS, value) });
export const object = (oid: string, value: string): Varbind => ({ oid, value: encodeOid(value) });
export const text = (oid: string, value: string): Varbind => octets(oid, Buffer.from(value, 'utf8'));
export const octets = (oid: string, value: Buffer): Varbind => ({ oid, value: encodeElement(OCTET_STRING, value) });
/** `value`: four octets. */
export const address = (oid: string, value: Buffer): Varbind => ({ oid, value: encodeElement(IP_ADDRESS, value) });
