import { BerReader } from '../../../collectors/snmp/ber/ber-reader.ts';
import { INFORM_REQUEST, TRAP_V1, TRAP_V2 } from '../../../collectors/snmp/ber/tags.ts';
import { type Envelope, readEnvelope } from '../../../collectors/snmp/message/envelope.ts';

const NOTIFICATIONS: readonly number[] = [TRAP_V1, TRAP_V2, INFORM_REQUEST];

const reader = new BerReader();
const outline: Envelope = { version: 1, start: 0, end: 0, communityStart: 0, communityStop: 0 };

/**
 * Whether `payload` begins like a notification of v1 or v2c, or like any message of SNMPv3, whose PDU may be encrypted. A guess, for
 * choosing datagrams out of a capture.
 */
export function looksLikeTraps(payload: Buffer): boolean {
  reader.open(payload, 0);
  if (readEnvelope(reader, outline) !== undefined) return false;
  return outline.version === 3 || NOTIFICATIONS.includes(payload[reader.at] ?? 0);
}
