import {
  COUNTER32,
  COUNTER64,
  END_OF_MIB_VIEW,
  GAUGE32,
  INTEGER,
  IP_ADDRESS,
  NO_SUCH_INSTANCE,
  NO_SUCH_OBJECT,
  NSAP_ADDRESS,
  NULL,
  OBJECT_IDENTIFIER,
  OCTET_STRING,
  OPAQUE,
  OPAQUE_COUNTER64,
  OPAQUE_DOUBLE,
  OPAQUE_FLOAT,
  OPAQUE_INTEGER64,
  OPAQUE_PREFIX,
  OPAQUE_UNSIGNED64,
  TIME_TICKS,
  UINTEGER32,
} from '../ber/tags.ts';

/** Added to the second octet of a number in an Opaque, so that it is no tag of a value. */
const IN_OPAQUE = 0x100;
export const FLOAT = IN_OPAQUE + OPAQUE_FLOAT;
export const DOUBLE = IN_OPAQUE + OPAQUE_DOUBLE;
export const INTEGER64 = IN_OPAQUE + OPAQUE_INTEGER64;
export const UNSIGNED64 = IN_OPAQUE + OPAQUE_UNSIGNED64;
export const OPAQUE_COUNTER = IN_OPAQUE + OPAQUE_COUNTER64;

/** The member `type` of a varbind. A tag that is not here becomes `Tag0x..`, its content hexadecimal. */
const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [INTEGER, 'Integer'],
  [OCTET_STRING, 'OctetString'],
  [NULL, 'Null'],
  [OBJECT_IDENTIFIER, 'ObjectIdentifier'],
  [IP_ADDRESS, 'IpAddress'],
  [COUNTER32, 'Counter32'],
  [GAUGE32, 'Gauge32'],
  [TIME_TICKS, 'TimeTicks'],
  [OPAQUE, 'Opaque'],
  [NSAP_ADDRESS, 'NsapAddress'],
  [COUNTER64, 'Counter64'],
  [UINTEGER32, 'UInteger32'],
  [NO_SUCH_OBJECT, 'noSuchObject'],
  [NO_SUCH_INSTANCE, 'noSuchInstance'],
  [END_OF_MIB_VIEW, 'endOfMibView'],
  [FLOAT, 'Float'],
  [DOUBLE, 'Double'],
  [INTEGER64, 'Integer64'],
  [UNSIGNED64, 'Unsigned64'],
  [OPAQUE_COUNTER, 'Counter64'],
]);

/** How many octets a number in an Opaque has; 0: as many as it takes, at most eight. */
const WIDTHS: ReadonlyMap<number, number> = new Map([
  [FLOAT, 4],
  [DOUBLE, 8],
  [INTEGER64, 0],
  [UNSIGNED64, 0],
  [OPAQUE_COUNTER, 0],
]);

/** The octets of a number in an Opaque before its content: two of the tag, one of the length. */
export const OPAQUE_HEADER_OCTETS = 3;

export function typeName(kind: number): string {
  return TYPE_NAMES.get(kind) ?? `Tag0x${kind.toString(16).padStart(2, '0')}`;
}

/** The tag, or for an Opaque that holds exactly one number, `FLOAT` and the like. */
export function kindOf(tag: number, bytes: Buffer, start: number, stop: number): number {
  if (tag !== OPAQUE || stop - start <= OPAQUE_HEADER_OCTETS || bytes[start] !== OPAQUE_PREFIX) return tag;
  const kind = IN_OPAQUE + (bytes[start + 1] ?? 0);
  const width = WIDTHS.get(kind);
  const length = stop - start - OPAQUE_HEADER_OCTETS;
  if (width === undefined || bytes[start + 2] !== length) return tag;
  if (width > 0) return length === width ? kind : tag;
  // An unsigned one may have a zero in front of its eight octets.
  const padded = kind !== INTEGER64 && length === 9 && bytes[start + OPAQUE_HEADER_OCTETS] === 0;
  return length <= 8 || padded ? kind : tag;
}
