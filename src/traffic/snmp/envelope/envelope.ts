/** What a receiver answered to an inform, or to a discovery. */
export type Answer =
  /** RFC 3416 section 4.2.7. `errorStatus` 0: it has it. */
  | { readonly kind: 'response'; readonly requestId: number; readonly errorStatus: number }
  /** RFC 3414 section 3.2. `counter`: the name below usmStats, or its OID. */
  | { readonly kind: 'report'; readonly messageId: number; readonly counter: string };

/** What stands around a PDU: community or SNMPv3. */
export interface Envelope {
  /** The part that can be prepared. The PDU stays at its end. */
  wrap(pdu: Buffer): Buffer;
  /** The message around what `wrap` gave. Its memory may be used again. */
  seal(prepared: Buffer, messageId: number, nowMs: number): Buffer;
  /** Reads an answer to it; undefined for anything that is none, or not authentic. Never throws. */
  open(answer: Buffer, nowMs: number): Answer | undefined;
}
