import { BerReader } from '../../../../collectors/snmp/ber/ber-reader.ts';
import { encodeElement, encodeInteger } from '../../../../collectors/snmp/ber/ber-writer.ts';
import { INTEGER, OCTET_STRING, SEQUENCE } from '../../../../collectors/snmp/ber/tags.ts';
import { type Envelope as MessageOutline, readEnvelope } from '../../../../collectors/snmp/message/envelope.ts';
import { readAnswerPdu } from './answer-pdu.ts';
import type { Answer, Envelope } from './envelope.ts';

/** The message of v1 (RFC 1157 section 4) and v2c (RFC 1901 section 3): version, community, PDU. */
export class CommunityEnvelope implements Envelope {
  readonly #head: Buffer;
  readonly #reader = new BerReader();
  readonly #outline: MessageOutline = { version: 1, start: 0, end: 0, communityStart: 0, communityStop: 0 };

  constructor(version: 1 | 2, community: string) {
    const versionNumber = encodeInteger(INTEGER, version - 1);
    this.#head = Buffer.concat([versionNumber, encodeElement(OCTET_STRING, Buffer.from(community, 'utf8'))]);
  }

  wrap(pdu: Buffer): Buffer {
    return encodeElement(SEQUENCE, this.#head, pdu);
  }

  seal(prepared: Buffer): Buffer {
    return prepared;
  }

  open(answer: Buffer): Answer | undefined {
    const reader = this.#reader;
    reader.open(answer, 0);
    if (readEnvelope(reader, this.#outline) !== undefined || this.#outline.version === 3) return undefined;
    const pdu = readAnswerPdu(reader, this.#outline.end);
    if (pdu?.kind !== 'response') return undefined;
    return { kind: 'response', requestId: pdu.requestId, errorStatus: pdu.errorStatus };
  }
}
