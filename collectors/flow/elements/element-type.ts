/**
 * The abstract data types, in IANA's spelling. The position of a type is its number in the registry "IPFIX Information
 * Element Data Types", as RFC 5610's informationElementDataType (IE 339) carries it. RFC 7012, 6313 and 9740.
 */
export const ELEMENT_TYPES = [
  'octetArray',
  'unsigned8',
  'unsigned16',
  'unsigned32',
  'unsigned64',
  'signed8',
  'signed16',
  'signed32',
  'signed64',
  'float32',
  'float64',
  'boolean',
  'macAddress',
  'string',
  'dateTimeSeconds',
  'dateTimeMilliseconds',
  'dateTimeMicroseconds',
  'dateTimeNanoseconds',
  'ipv4Address',
  'ipv6Address',
  'basicList',
  'subTemplateList',
  'subTemplateMultiList',
  'unsigned256',
] as const;

export type ElementType = (typeof ELEMENT_TYPES)[number];
