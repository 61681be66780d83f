import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { type JoinToken, joinKey } from './join-token.ts';

/** As the link between the nodes: both sides prove that they have the key (RFC 8446, 2.2), and nothing older than TLS 1.3. */
const TLS = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: 'TLS_CHACHA20_POLY1305_SHA256' } as const;
const IDENTITY = 'dogwatch join';

/** OpenSSL compares the proof (the binder, RFC 8446 4.2.11.2) in constant time; the key itself never leaves either side. */
export function joinServer(token: JoinToken, handshakeTimeout: number): Server {
  const psk = joinKey(token);
  return createServer({
    ...TLS,
    handshakeTimeout,
    pskCallback: (_socket, identity) => (identity === IDENTITY ? psk : null),
  });
}

export function dialJoin(token: JoinToken): TLSSocket {
  return connect({
    ...TLS,
    host: token.address,
    port: token.port,
    pskCallback: () => ({ psk: joinKey(token), identity: IDENTITY }),
    // There is no certificate whose name could be looked at.
    checkServerIdentity: () => undefined,
  });
}
