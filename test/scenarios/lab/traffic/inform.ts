const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const TIME_TICKS = 0x43;
const UNSIGNED = 0x42;
const INFORM_REQUEST = 0xa6;
const RESPONSE = 0xa2;

// sysUpTime.0, snmpTrapOID.0, linkUp (RFC 3418), and a variable of the lab's own below an enterprise that nobody has: in BER.
const SYS_UP_TIME = Buffer.from('2b06010201010300', 'hex');
const SNMP_TRAP_OID = Buffer.from('2b060106030101040100', 'hex');
const LINK_UP = Buffer.from('2b0601060301010504', 'hex');
/** 1.3.6.1.4.1.99999.1 */
const NUMBER = Buffer.from('2b06010401868d1f01', 'hex');

/** An inform of SNMPv2c (RFC 3416, section 4.2.7) whose request id is `number`, which it carries as a variable besides. */
export function informDatagram(number: number): Buffer {
  const varbinds = tlv(SEQUENCE, [
    tlv(SEQUENCE, [tlv(OBJECT_IDENTIFIER, [SYS_UP_TIME]), tlv(TIME_TICKS, [uint(1000)])]),
    tlv(SEQUENCE, [tlv(OBJECT_IDENTIFIER, [SNMP_TRAP_OID]), tlv(OBJECT_IDENTIFIER, [LINK_UP])]),
    tlv(SEQUENCE, [tlv(OBJECT_IDENTIFIER, [NUMBER]), tlv(UNSIGNED, [uint(number)])]),
  ]);
  const zero = tlv(INTEGER, [Buffer.of(0)]);
  return tlv(SEQUENCE, [
    tlv(INTEGER, [Buffer.of(1)]), // version 2c
    tlv(OCTET_STRING, [Buffer.from('public')]),
    tlv(INFORM_REQUEST, [tlv(INTEGER, [uint(number)]), zero, zero, varbinds]),
  ]);
}

/** The request id that a response answers; undefined for anything else. Reads only what answers to `informDatagram` look like. */
export function answeredNumber(datagram: Buffer): number | undefined {
  const version = childAt(datagram, contentOf(datagram, 0));
  const community = version === undefined ? undefined : childAt(datagram, version.end);
  if (community === undefined || datagram[community.end] !== RESPONSE) return undefined;
  const id = childAt(datagram, contentOf(datagram, community.end));
  if (id === undefined || id.end - id.start > 5) return undefined;
  return Number(BigInt(`0x${datagram.toString('hex', id.start, id.end)}`));
}

function childAt(datagram: Buffer, at: number): { start: number; end: number } | undefined {
  const length = datagram[at + 1];
  if (length === undefined || length > 0x7f || at + 2 + length > datagram.length) return undefined;
  return { start: at + 2, end: at + 2 + length };
}

/** Where the contents of a constructed value begin: behind its tag and its length of any form. */
function contentOf(datagram: Buffer, at: number): number {
  const length = datagram[at + 1] ?? 0;
  return at + 2 + (length > 0x80 ? length - 0x80 : 0);
}

function tlv(tag: number, parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const header = length < 0x80 ? Buffer.of(tag, length) : Buffer.of(tag, 0x81, length);
  return Buffer.concat([header, content]);
}

/** Without a leading one bit, which would make it negative (X.690, section 8.3). */
function uint(value: number): Buffer {
  const digits = value.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return (bytes[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}
