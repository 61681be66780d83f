/** Identifier octets of SNMP: RFC 2578 section 7.1 (types), RFC 3416 section 3 and RFC 1157 section 4.1 (PDUs). */

export const INTEGER = 0x02;
export const OCTET_STRING = 0x04;
export const NULL = 0x05;
export const OBJECT_IDENTIFIER = 0x06;
export const SEQUENCE = 0x30;

export const IP_ADDRESS = 0x40;
export const COUNTER32 = 0x41;
/** Also Unsigned32. */
export const GAUGE32 = 0x42;
export const TIME_TICKS = 0x43;
export const OPAQUE = 0x44;
/** Of SNMPv2 before RFC 1902. */
export const NSAP_ADDRESS = 0x45;
export const COUNTER64 = 0x46;
/** Of SNMPv2 before RFC 1902. */
export const UINTEGER32 = 0x47;

export const NO_SUCH_OBJECT = 0x80;
export const NO_SUCH_INSTANCE = 0x81;
export const END_OF_MIB_VIEW = 0x82;

/** The first of the PDUs; behind it GetNextRequest, and after Response SetRequest. */
export const GET_REQUEST = 0xa0;
export const RESPONSE = 0xa2;
/** Of SNMPv1. */
export const TRAP_V1 = 0xa4;
export const INFORM_REQUEST = 0xa6;
export const TRAP_V2 = 0xa7;
/** The last of them. */
export const REPORT = 0xa8;

/**
 * What net-snmp and others put inside of an Opaque: 0x9f, then one of these. From the expired draft
 * draft-perkins-float (float, double); the 64-bit integers by net-snmp's example.
 */
export const OPAQUE_PREFIX = 0x9f;
export const OPAQUE_COUNTER64 = 0x76;
export const OPAQUE_FLOAT = 0x78;
export const OPAQUE_DOUBLE = 0x79;
export const OPAQUE_INTEGER64 = 0x7a;
export const OPAQUE_UNSIGNED64 = 0x7b;
