import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Server as TlsServer, TLSSocket } from 'node:tls';

import type { Clock } from '../../src/runtime/clock.ts';
import { DogwatchError, messageOf } from '../../src/runtime/errors.ts';
import type { Component } from '../../src/runtime/lifecycle.ts';
import type { Log } from '../../src/runtime/log.ts';
import { RateLimit } from '../../src/runtime/rate-limit.ts';
import { LINK_VERSION } from './beats/envelope.ts';
import { newSession } from './link-keys.ts';
import { smallerOf, takesItsPlace } from './stream/one-of-two.ts';
import { PeerConnection } from './stream/peer-connection.ts';
import type { StreamHello } from './stream/stream-hello.ts';
import { dialTls, tlsAcceptor } from './stream/stream-tls.ts';
import { WaitingRoom } from './stream/waiting-room.ts';

export interface PeerStreamOptions {
  /** Name of this node. */
  readonly node: string;
  /** Own address; connections to the peer leave from it too. */
  readonly address: string;
  /** Own port, the same number as that of the beats; 0 lets the kernel choose. */
  readonly port: number;
  readonly peer: { readonly name: string; readonly address: string; readonly port: number };
  /** As `parseSecret` gives it. */
  readonly secret: Buffer;
  /** Of the program, told to the peer. */
  readonly version: string;
  /** Of this run, as `newSession` makes it; the link's, so that both tell of one run. */
  readonly session?: string;
}

export interface PeerStreamStatus {
  readonly isOpen: boolean;
  /** Who opened the connection that is open. */
  readonly dialer: string | undefined;
  readonly unsentBytes: number;
  /** Connections that were opened since start. */
  readonly opened: number;
  /** Handshakes of others that failed: another secret, another name, no TLS. */
  readonly failedHandshakes: number;
  /** Closed unasked: too many at once, or too slow. */
  readonly turnedAway: number;
  /** Why there is no connection, a sentence; empty while there is one. */
  readonly trouble: string;
}

const HANDSHAKE_MS = 3000;
const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;
/** The node with the larger name lets the other dial first. */
const SECOND_DIALER_MS = 1000;

/**
 * The reliable stream between the nodes, for what is larger than a beat: one connection, TCP with TLS, opened by either.
 *
 *   idle ──start()──▶ apart ──dialed or accepted, hellos exchanged──▶ open (onOpen) ──lost──▶ apart: dials, pause 100 ms … 2 s
 *                       └── stop() ──▶ closed ◀──────────────────────────┘
 */
export class PeerStream implements Component {
  readonly name = 'peer stream';
  /** Called with each connection that is open to the peer, before its first message; the one before is closed. */
  onOpen: ((connection: PeerConnection) => void) | undefined;
  readonly #options: PeerStreamOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #names: readonly [string, string];
  readonly #hello: StreamHello;
  readonly #waiting: WaitingRoom;
  readonly #refusedLimit = new RateLimit(1, 10_000);
  readonly #tls: TlsServer;
  #server: Server | undefined;
  #current: PeerConnection | undefined;
  #dialing: TLSSocket | undefined;
  #cancelDial: (() => void) | undefined;
  #pauseMs = MIN_PAUSE_MS;
  #isStopped = false;
  #opened = 0;
  #failedHandshakes = 0;
  #trouble = 'not connected yet';

  constructor(options: PeerStreamOptions, clock: Clock, log: Log) {
    const { node, peer, version, session = newSession() } = options;
    this.#options = options;
    this.#clock = clock;
    this.#log = log.child({ peer: peer.name });
    this.#names = [node, peer.name];
    this.#hello = { link: LINK_VERSION, node, session, program: version };
    this.#waiting = new WaitingRoom(peer.address, clock);
    this.#tls = tlsAcceptor(options.secret, { node, peer: peer.name }, HANDSHAKE_MS);
    this.#tls.on('secureConnection', (socket) => this.#begin(socket, peer.name));
    this.#tls.on('tlsClientError', (error, socket) => this.#refuse(error, socket));
  }

  /** @throws DogwatchError `PEER_LINK_FAILED`: the address is not ours, or the port is taken */
  async start(): Promise<void> {
    const { address, port } = this.#options;
    const server = createServer((socket) => this.#accept(socket));
    const listening = once(server, 'listening');
    server.listen({ host: address, port });
    await listening.catch((error: unknown) => {
      throw new DogwatchError('PEER_LINK_FAILED', `the stream to the peer cannot use ${address} port ${port}`, {
        cause: error,
        remedy: 'ha.address must be an address of this host, and the port free for UDP and TCP',
      });
    });
    this.#server = server;
    server.on('error', (error) => this.#log.error({ error: messageOf(error) }, 'cannot accept the peer'));
    this.#dialAfter(this.#isFirstDialer ? 0 : SECOND_DIALER_MS);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelDial?.();
    this.#dialing?.destroy();
    this.#current?.close('this node stops');
    this.#waiting.clear();
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    await closed;
  }

  /** The port that it listens on; 0 before `start` and after `stop`. */
  get port(): number {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** The connection that is open, if there is one. */
  get connection(): PeerConnection | undefined {
    return this.#current;
  }

  get status(): PeerStreamStatus {
    return {
      isOpen: this.#current !== undefined,
      dialer: this.#current?.dialer,
      unsentBytes: this.#current?.unsentBytes ?? 0,
      opened: this.#opened,
      failedHandshakes: this.#failedHandshakes,
      turnedAway: this.#waiting.turnedAway,
      trouble: this.#current === undefined ? this.#trouble : '',
    };
  }

  get #isFirstDialer(): boolean {
    return smallerOf(this.#names) === this.#options.node;
  }

  #accept(socket: Socket): void {
    if (this.#isStopped) socket.destroy();
    else if (this.#waiting.admit(socket)) this.#tls.emit('connection', socket);
  }

  /** Called with who is not the peer, or left before it had said so. */
  #refuse(error: Error, socket: TLSSocket): void {
    this.#failedHandshakes += 1;
    const address = socket.remoteAddress ?? '';
    socket.destroy();
    const { passed, suppressed } = this.#refusedLimit.take(this.#clock.monotonicMs());
    const fields = { address, error: reasonOf(error), suppressed };
    if (passed) this.#log.warn(fields, 'a connection was refused');
  }

  #dialAfter(delayMs: number): void {
    if (this.#isStopped || this.#current !== undefined || this.#dialing !== undefined) return;
    this.#cancelDial?.();
    this.#cancelDial = this.#clock.after(delayMs, () => this.#dial());
  }

  #dial(): void {
    if (this.#isStopped || this.#current !== undefined || this.#dialing !== undefined) return;
    const { node, peer, address, secret } = this.#options;
    const socket = dialTls({
      node,
      peer: peer.name,
      host: peer.address,
      port: peer.port,
      localAddress: address,
      secret,
    });
    this.#dialing = socket;
    const cancelWait = this.#clock.after(HANDSHAKE_MS, () => socket.destroy(new Error('the peer does not answer')));
    socket.on('error', (error) => (this.#trouble = `cannot connect to ${peer.address}: ${reasonOf(error)}`));
    socket.once('secureConnect', () => this.#begin(socket, node, cancelWait));
    socket.once('close', () => {
      cancelWait();
      if (this.#dialing !== socket) return;
      this.#dialing = undefined;
      this.#pauseMs = Math.min(this.#pauseMs * 2, MAX_PAUSE_MS);
      this.#dialAfter(this.#pauseMs);
    });
  }

  /** The other side has the secret; now it says who it is. */
  #begin(socket: TLSSocket, dialer: string, cancelWait?: () => void): void {
    const connection = new PeerConnection(socket, dialer, this.#clock);
    connection.whenClosed((reason) => (this.#trouble = reason));
    connection.onHello = (hello) => {
      cancelWait?.();
      this.#waiting.release(socket);
      this.#judge(connection, hello);
    };
    // Who accepts answers when it has judged, so that an answer means that the connection is wanted.
    if (dialer === this.#options.node) connection.greet(this.#hello);
  }

  #judge(connection: PeerConnection, hello: StreamHello): void {
    const { node, peer } = this.#options;
    if (hello.link !== LINK_VERSION) {
      return connection.refuse(`version ${hello.link} of the link was offered, ${node} speaks version ${LINK_VERSION}`);
    }
    if (hello.node !== peer.name) return connection.refuse(`${hello.node} was said, ${peer.name} expected`);
    const { dialer } = connection;
    const before = this.#current;
    const current = before?.peer === undefined ? undefined : { dialer: before.dialer, session: before.peer.session };
    if (!takesItsPlace({ dialer, session: hello.session }, current, this.#names)) {
      return connection.refuse(`another connection to ${node} is open`);
    }
    if (dialer !== node) connection.greet(this.#hello);
    this.#adopt(connection, hello);
  }

  #adopt(connection: PeerConnection, hello: StreamHello): void {
    const before = this.#current;
    this.#current = connection;
    if (connection.dialer === this.#options.node) this.#dialing = undefined;
    before?.close('another connection took its place');
    this.#opened += 1;
    this.#pauseMs = MIN_PAUSE_MS;
    connection.open(hello);
    connection.whenClosed((reason) => this.#lost(connection, reason));
    this.#log.info({ dialer: connection.dialer, version: hello.program }, 'connected to the peer');
    this.onOpen?.(connection);
  }

  #lost(connection: PeerConnection, reason: string): void {
    if (this.#current !== connection) return;
    this.#current = undefined;
    this.#trouble = reason;
    this.#log.warn({ reason }, 'the connection to the peer is lost');
    this.#dialAfter(this.#isFirstDialer ? MIN_PAUSE_MS : SECOND_DIALER_MS);
  }
}

/** OpenSSL's sentences are of its own source; what they mean here is one thing. */
function reasonOf(error: Error): string {
  const isTls = 'code' in error && String(error.code).startsWith('ERR_SSL_');
  return isTls ? 'the TLS handshake fails: do both nodes have the same ha.secretFile?' : messageOf(error).trim();
}
