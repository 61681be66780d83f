import type { Socket, TcpNetConnectOpts } from 'node:net';
import { connect, type ConnectionOptions, createServer, type Server, type TLSSocket } from 'node:tls';

import { streamKey } from '../link-keys.ts';

/**
 * TLS 1.3 with a pre-shared key (RFC 8446, 2.2) and a fresh key exchange: both sides prove that they have the secret, and what was
 * recorded stays closed to who gets the secret later. No certificates, no older version, no session tickets.
 */
const TLS = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: 'TLS_CHACHA20_POLY1305_SHA256' } as const;

interface Names {
  readonly node: string;
  readonly peer: string;
}

export interface DialOptions extends Names {
  readonly host: string;
  readonly port: number;
  readonly localAddress: string;
  readonly secret: Buffer;
}

/** Begins a connection to the peer; the socket tells what becomes of it. */
export function dialTls({ node, peer, host, port, localAddress, secret }: DialOptions): TLSSocket {
  const options: ConnectionOptions & TcpNetConnectOpts = {
    ...TLS,
    host,
    port,
    localAddress,
    pskCallback: () => ({ psk: streamKey(secret, node, peer), identity: node }),
    // There is no certificate whose name could be looked at.
    checkServerIdentity: () => undefined,
  };
  return connect(options);
}

/** Makes connections of the peer out of accepted ones: `emit('connection', raw)` on what it returns. */
export function tlsAcceptor(secret: Buffer, { node, peer }: Names, handshakeTimeout: number): Server {
  return createServer({
    ...TLS,
    handshakeTimeout,
    pskCallback: (_socket: Socket, identity: string) => (identity === peer ? streamKey(secret, peer, node) : null),
  });
}
