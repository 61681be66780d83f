/**
 * What the message room asks of SNMPv3 security. The message room takes the envelope apart (RFC 3412 section 6); everything
 * in `msgSecurityParameters` is the security room's business. Implemented in `usm/`.
 */

/** One SNMPv3 message. All buffers are slices of the datagram, valid during the call only: copy what is kept. */
export interface V3Message {
  /** The message from its outermost tag to its end, without trailing bytes: what the digest is made of. */
  readonly bytes: Buffer;
  /** 0 … 2^31-1. */
  readonly msgId: number;
  /** The most that the sender can receive, in bytes; at least 484. */
  readonly maxSize: number;
  /** The first octet of msgFlags: 1 auth, 2 priv, 4 reportable. */
  readonly flags: number;
  /** 3: USM. */
  readonly securityModel: number;
  /** The content of the OCTET STRING msgSecurityParameters. */
  readonly securityParameters: Buffer;
  /** Where that content starts in `bytes`. */
  readonly securityParametersOffset: number;
  /**
   * msgData with its tag: a SEQUENCE (0x30) in clear text, or an OCTET STRING (0x04) that holds the encrypted one. The
   * tag may contradict the flags.
   */
  readonly scopedPduData: Buffer;
}

/** Where the message came from; a `Datagram` will do. */
export interface SecuritySource {
  readonly sourceAddress: string;
  readonly sourcePort: number;
  /** Microseconds since the Unix epoch. */
  readonly receivedAtMicros: number;
}

export type SecurityLevel = 'noAuthNoPriv' | 'authNoPriv' | 'authPriv';

export interface SecurityAccepted {
  readonly kind: 'ok';
  /** The ScopedPDU with its SEQUENCE tag; padding of DES may follow. Valid until the next `process`. */
  readonly scopedPdu: Buffer;
  readonly level: SecurityLevel;
  readonly user: string;
  /** The authoritative engine: the sender's for traps, ours for informs. */
  readonly engineId: Buffer;
  readonly boots: number;
  readonly time: number;
  /** What was out of the ordinary and accepted all the same, for the column `flags`. */
  readonly flags: readonly string[];
  /**
   * A response to this message, complete, for the same user at the same level, with the same msgID. `scopedPdu`: with its
   * SEQUENCE tag. May be called later, when the datagram's memory is long reused, and more than once.
   */
  respond(scopedPdu: Buffer): Buffer;
}

export type SecurityResult =
  | SecurityAccepted
  /** A Report-PDU is due to the sender: discovery, or a counter of RFC 3414 section 5. */
  | { readonly kind: 'report'; readonly reply: Buffer; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string }
  /** Exactly this message came before, with the sender as authority: a trap. A retransmitted inform is `ok` again. */
  | { readonly kind: 'replay' };

/** Reasons are short, of a fixed set and without secrets ('wrong-digest'). Never throws. */
export interface SecurityProcessor {
  process(message: V3Message, source: SecuritySource): SecurityResult;
}
