import { hkdfSync, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';

/** What a token says: where to ask, and with what. */
export interface JoinToken {
  readonly address: string;
  readonly port: number;
  /** 16 random bytes. */
  readonly secret: Buffer;
}

const PREFIX = 'dw-join-';
const SECRET_BYTES = 16;
const PORT_BYTES = 2;
const KEY_BYTES = 32;

export function newToken(address: string, port: number): JoinToken {
  return { address, port, secret: randomBytes(SECRET_BYTES) };
}

/** One word that can be copied: base64url of secret, port and address behind `dw-join-`. */
export function tokenText({ address, port, secret }: JoinToken): string {
  const head = Buffer.alloc(PORT_BYTES);
  head.writeUInt16BE(port);
  return PREFIX + Buffer.concat([secret, head, Buffer.from(address, 'latin1')]).toString('base64url');
}

/** @returns undefined where it is none, or not all of it */
export function parseToken(text: string): JoinToken | undefined {
  const packed = text.trim();
  if (!packed.startsWith(PREFIX) || !/^[\w-]+$/.test(packed)) return undefined;
  const bytes = Buffer.from(packed.slice(PREFIX.length), 'base64url');
  if (bytes.length <= SECRET_BYTES + PORT_BYTES) return undefined;
  const address = bytes.subarray(SECRET_BYTES + PORT_BYTES).toString('latin1');
  const port = bytes.readUInt16BE(SECRET_BYTES);
  return isIP(address) === 0 || port === 0 ? undefined : { address, port, secret: bytes.subarray(0, SECRET_BYTES) };
}

/** The pre-shared key of the connection by which a node joins: HKDF (RFC 5869) with SHA-256. */
export function joinKey({ secret }: JoinToken): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), 'dogwatch join', KEY_BYTES));
}
