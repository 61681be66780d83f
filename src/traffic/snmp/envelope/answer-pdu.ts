import type { BerReader } from '../../../../collectors/snmp/ber/ber-reader.ts';
import { oidText } from '../../../../collectors/snmp/ber/oid.ts';
import { OBJECT_IDENTIFIER, REPORT, RESPONSE, SEQUENCE } from '../../../../collectors/snmp/ber/tags.ts';

/** A Response-PDU or Report-PDU: what of it matters to whoever asked. */
export interface AnswerPdu {
  readonly kind: 'response' | 'report';
  readonly requestId: number;
  readonly errorStatus: number;
  /** Dotted OID of the first varbind, of reports the counter; undefined where there is none. */
  readonly firstOid: string | undefined;
}

/** Reads the PDU at `reader.at`; undefined for another one, and for what is none. */
export function readAnswerPdu(reader: BerReader, limit: number): AnswerPdu | undefined {
  if (!reader.next(limit) || (reader.tag !== RESPONSE && reader.tag !== REPORT)) return undefined;
  const kind = reader.tag === RESPONSE ? 'response' : 'report';
  const end = reader.stop;
  reader.at = reader.start;
  const requestId = reader.integer(end);
  const errorStatus = reader.integer(end);
  reader.integer(end); // error-index
  if (reader.failure !== undefined) return undefined;
  return { kind, requestId, errorStatus, firstOid: firstOid(reader, end) };
}

function firstOid(reader: BerReader, end: number): string | undefined {
  const listEnd = reader.into(SEQUENCE, end);
  const varbindEnd = reader.into(SEQUENCE, listEnd);
  if (!reader.expect(OBJECT_IDENTIFIER, varbindEnd)) return undefined;
  return oidText(reader.bytes, reader.start, reader.stop);
}
