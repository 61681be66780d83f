import type { EnvelopeFailure } from './message/envelope.ts';

/**
 * Why a datagram is not a row of its own. Stable: metrics and scripts match on them. Beside `EnvelopeFailure`:
 *
 * - `pdu`: a PDU that no RFC defines
 * - `unknown-community`: of none that the configuration names
 * - `no-security`: SNMPv3, and no users are configured
 * - `security-model`: SNMPv3 with another one than USM (RFC 3412 section 7.2, snmpUnknownSecurityModels)
 * - `message-flags`: privacy without authentication (RFC 3412 section 7.2, snmpInvalidMsgs)
 * - `internal-error`: a defect of this program; the datagram was given up
 */
export type UndecodableReason = EnvelopeFailure | 'pdu' | 'internal-error';
export type RefusedReason = 'unknown-community' | 'no-security' | 'security-model' | 'message-flags';

/** Told for each trouble; whoever listens limits the rate and writes the log. Holds no community and no other secret. */
export interface SnmpTrouble {
  /** `undecodable`: the bytes; `refused`: the sender. */
  readonly kind: 'undecodable' | 'refused';
  /** `UndecodableReason`, `RefusedReason`, or one of SNMPv3 security. */
  readonly reason: string;
  /** A few words more; not stable. */
  readonly detail: string;
  readonly address: string;
  readonly port: number;
}
