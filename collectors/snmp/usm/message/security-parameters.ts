import { BerReader } from '../../ber/ber-reader.ts';
import { INTEGER, OCTET_STRING, REPORT, GET_REQUEST, SEQUENCE } from '../../ber/tags.ts';
import type { V3Message } from '../../security.ts';

/** UsmSecurityParameters, RFC 3414 section 2.4. Buffers are slices of the datagram. */
export interface SecurityParameters {
  readonly engineId: Buffer;
  readonly boots: number;
  readonly time: number;
  readonly userName: Buffer;
  readonly mac: Buffer;
  /** Where `mac` starts in the whole message. */
  readonly macOffset: number;
  readonly salt: Buffer;
  /** Boots or time beyond 2^31-1, or sent as a negative number by a device that forgot the leading zero octet. */
  readonly isTimeOutOfRange: boolean;
}

const MAX_NAME_BYTES = 32;
const MAX_ENGINE_ID_BYTES = 32;
const MAX_INT32 = 0x7f_ff_ff_ff;
const MAX_UINT32 = 0xff_ff_ff_ff;

const reader = new BerReader();

/** Undefined where there are none: no BER, or a name or engine id that is too long. */
export function readSecurityParameters(message: V3Message): SecurityParameters | undefined {
  const { bytes, securityParameters, securityParametersOffset } = message;
  reader.open(bytes, securityParametersOffset);
  const end = reader.into(SEQUENCE, securityParametersOffset + securityParameters.length);
  const engineId = octets(end);
  const boots = unsigned(end);
  const bootsAsSent = reader.start;
  const time = unsigned(end);
  const timeAsSent = reader.start;
  const userName = octets(end);
  const mac = octets(end);
  const macOffset = reader.start;
  const salt = octets(end);
  if (reader.failure !== undefined || boots > MAX_UINT32 || time > MAX_UINT32) return undefined;
  if (engineId.length > MAX_ENGINE_ID_BYTES || userName.length > MAX_NAME_BYTES) return undefined;
  const isNegative = (bytes[bootsAsSent] ?? 0) >= 0x80 || (bytes[timeAsSent] ?? 0) >= 0x80;
  const isTimeOutOfRange = isNegative || boots > MAX_INT32 || time > MAX_INT32;
  return { engineId, boots, time, userName, mac, macOffset, salt, isTimeOutOfRange };
}

/** What the outside of a ScopedPDU tells (RFC 3412 section 6). */
export interface ScopedPduOutline {
  /** Of the PDU. */
  readonly tag: number;
  readonly requestId: number;
  /** Bytes of the ScopedPDU; what follows is padding. */
  readonly length: number;
}

/** Undefined where this is no ScopedPDU: what decryption with a wrong key gives, but for one time in many millions. */
export function outlineOf(scopedPdu: Buffer): ScopedPduOutline | undefined {
  reader.open(scopedPdu, 0);
  const end = reader.into(SEQUENCE, scopedPdu.length);
  reader.expect(OCTET_STRING, end);
  reader.expect(OCTET_STRING, end);
  if (!reader.next(end) || reader.tag < GET_REQUEST || reader.tag > REPORT) return undefined;
  const { tag, stop } = reader;
  reader.at = reader.start;
  const requestId = reader.integer(stop);
  return reader.failure === undefined ? { tag, requestId, length: end } : undefined;
}

/** The content of an OCTET STRING with its tag: an encrypted ScopedPDU. */
export function octetStringOf(element: Buffer): Buffer | undefined {
  reader.open(element, 0);
  return reader.expect(OCTET_STRING, element.length) ? element.subarray(reader.start, reader.stop) : undefined;
}

function octets(end: number): Buffer {
  reader.expect(OCTET_STRING, end);
  return reader.failure === undefined ? reader.bytes.subarray(reader.start, reader.stop) : reader.bytes.subarray(0, 0);
}

/** An integer whose first bit is part of the number: what a device with boots of 221 means by `02 01 dd`. */
function unsigned(end: number): number {
  if (!reader.expect(INTEGER, end)) return 0;
  const { start, stop } = reader;
  if (start === stop) return 0;
  if (stop - start > 6) {
    reader.fail('integer-size');
    return 0;
  }
  return reader.bytes.readUIntBE(start, stop - start);
}
