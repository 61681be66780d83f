import { encodeElement } from '../ber/ber-writer.ts';
import { RESPONSE, SEQUENCE } from '../ber/tags.ts';
import type { Pdu } from './pdu.ts';

/** error-status noError, error-index 0. */
const NO_ERROR = Buffer.from([0x02, 0x01, 0x00, 0x02, 0x01, 0x00]);

/**
 * The Response-PDU that acknowledges an InformRequest (RFC 3416 section 4.2.7): the same request-id and variable-bindings,
 * byte for byte. A buffer of its own.
 */
export function encodeResponse(pdu: Pdu): Buffer {
  const { bytes, requestIdStart, requestIdStop, listStart, listStop } = pdu;
  return encodeElement(
    RESPONSE,
    bytes.subarray(requestIdStart, requestIdStop),
    NO_ERROR,
    bytes.subarray(listStart, listStop),
  );
}

/** The message of v1 or v2c around it: `head` is what stood before the PDU, version and community with their tags. */
export function encodeMessage(head: Buffer, pdu: Buffer): Buffer {
  return encodeElement(SEQUENCE, head, pdu);
}
