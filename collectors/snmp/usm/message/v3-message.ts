import { encodeElement, encodeInteger } from '../../ber/ber-writer.ts';
import { COUNTER32, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, REPORT, SEQUENCE } from '../../ber/tags.ts';
import { type AuthKey, digestOf } from '../crypto/authentication.ts';
import { encrypt, type PrivacyKey } from '../crypto/privacy.ts';

/** What we can receive: the largest payload of UDP over IPv4. */
const MAX_MESSAGE_BYTES = 65_507;
const USM = 3;

const AUTH_FLAG = 1;
const PRIV_FLAG = 2;

/** A message of ours. The level follows from the keys. */
export interface OutgoingMessage {
  readonly msgId: number;
  readonly engineId: Buffer;
  readonly boots: number;
  readonly time: number;
  readonly userName: Buffer;
  /** With its SEQUENCE tag. */
  readonly scopedPdu: Buffer;
  readonly auth: AuthKey | undefined;
  readonly privacy: { readonly key: PrivacyKey; readonly salt: Buffer } | undefined;
}

/** The bytes of a message that asks for no answer (RFC 3412 section 6, RFC 3414 section 2.4), encrypted and then signed. */
export function encodeV3Message(message: OutgoingMessage): Buffer {
  const { msgId, engineId, boots, time, userName, scopedPdu, auth, privacy } = message;
  const flags = (auth === undefined ? 0 : AUTH_FLAG) | (privacy === undefined ? 0 : PRIV_FLAG);
  const macBytes = auth?.algorithm.macBytes ?? 0;
  const salt = encodeElement(OCTET_STRING, ...(privacy === undefined ? [] : [privacy.salt]));
  const data = privacy
    ? encodeElement(OCTET_STRING, encrypt(privacy.key, scopedPdu, boots, time, privacy.salt))
    : scopedPdu;
  const parameters = encodeElement(
    SEQUENCE,
    encodeElement(OCTET_STRING, engineId),
    encodeInteger(INTEGER, boots),
    encodeInteger(INTEGER, time),
    encodeElement(OCTET_STRING, userName),
    encodeElement(OCTET_STRING, Buffer.alloc(macBytes)),
    salt,
  );
  const header = encodeElement(
    SEQUENCE,
    encodeInteger(INTEGER, msgId),
    encodeInteger(INTEGER, MAX_MESSAGE_BYTES),
    encodeElement(OCTET_STRING, Buffer.from([flags])),
    encodeInteger(INTEGER, USM),
  );
  const version = encodeInteger(INTEGER, 3);
  const bytes = encodeElement(SEQUENCE, version, header, encodeElement(OCTET_STRING, parameters), data);
  if (auth === undefined) return bytes;
  const macOffset = bytes.length - data.length - salt.length - macBytes;
  digestOf(auth, bytes, macOffset).copy(bytes, macOffset);
  return bytes;
}

/** The counters of RFC 3414 section 5, each with its last arc below usmStats. */
const USM_STATS = {
  unsupportedSecLevels: 1,
  notInTimeWindows: 2,
  unknownUserNames: 3,
  unknownEngineIDs: 4,
  wrongDigests: 5,
  decryptionErrors: 6,
} as const;
export type UsmStat = keyof typeof USM_STATS;

/** 1.3.6.1.6.3.15.1.1, usmStats. */
const USM_STATS_OID = [0x2b, 6, 1, 6, 3, 15, 1, 1];

/** The ScopedPDU of a report: one counter (RFC 3412 section 7.1 step 3c, RFC 3414 section 3.2). */
export function encodeReport(engineId: Buffer, requestId: number, stat: UsmStat, count: number): Buffer {
  const oid = Buffer.from([...USM_STATS_OID, USM_STATS[stat], 0]);
  const binding = encodeElement(
    SEQUENCE,
    encodeElement(OBJECT_IDENTIFIER, oid),
    encodeInteger(COUNTER32, count % 2 ** 32),
  );
  const pdu = encodeElement(
    REPORT,
    encodeInteger(INTEGER, requestId),
    encodeInteger(INTEGER, 0),
    encodeInteger(INTEGER, 0),
    encodeElement(SEQUENCE, binding),
  );
  return encodeElement(SEQUENCE, encodeElement(OCTET_STRING, engineId), encodeElement(OCTET_STRING), pdu);
}
