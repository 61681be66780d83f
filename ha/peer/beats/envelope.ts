/** The first bytes of every datagram of the link; drawn in docs/ha-link.md. */

/** `DW`: tells strays (a scanner, another program's traffic) from ours before anything is computed. */
const MAGIC = 0x4457;
/** Raised when the layout of hellos' sequel or of beats changes. The layout of hellos themselves never changes. */
export const LINK_VERSION = 1;
export const HELLO = 1;
export const BEAT = 2;
export const ENVELOPE_BYTES = 4;

export interface Envelope {
  readonly version: number;
  readonly kind: number;
}

export function writeEnvelope(into: Buffer, kind: number, version = LINK_VERSION): void {
  into.writeUInt16BE(MAGIC, 0);
  into.writeUInt8(version, 2);
  into.writeUInt8(kind, 3);
}

/** @returns undefined where the datagram is none of the link's; `bytes` has at least `ENVELOPE_BYTES` */
export function readEnvelope(bytes: Buffer): Envelope | undefined {
  if (bytes.readUInt16BE(0) !== MAGIC) return undefined;
  return { version: bytes.readUInt8(2), kind: bytes.readUInt8(3) };
}
