import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Server as TlsServer, TLSSocket } from 'node:tls';
import type { Clock } from '../../runtime/clock.ts';
import { DogwatchError, messageOf } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import { joinServer } from './join-tls.ts';
import { newToken, tokenText } from './join-token.ts';
import type { PairOffer } from './offer.ts';

const VALID_MS = 15 * 60_000;
const WRONG_TRIES = 3;
const HANDSHAKE_MS = 3000;
const MAX_WAITING = 4;

/** What is shown once. */
export interface Invited {
  readonly token: string;
  readonly address: string;
  readonly port: number;
  readonly validMs: number;
}

/**
 * Lets one node join: listens for the connection that has the token's key, gives it the offer, and is over.
 *
 *   idle ──open()──▶ open ──taken once, 3 wrong tries, 15 minutes, or another open()──▶ idle
 */
export class Invitation {
  readonly #clock: Clock;
  readonly #log: Log;
  #server: Server | undefined;
  #cancel: (() => void) | undefined;
  readonly #sockets = new Set<Socket>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  get isOpen(): boolean {
    return this.#server !== undefined;
  }

  /**
   * @param address own address of this node; @param port 0 lets the kernel choose
   * @throws DogwatchError `INVITATION_FAILED`: the port is taken
   */
  async open(address: string, port: number, offer: PairOffer): Promise<Invited> {
    this.close();
    const server = createServer();
    const listening = once(server, 'listening');
    server.listen({ host: address, port });
    await listening.catch((error: unknown) => {
      throw new DogwatchError('INVITATION_FAILED', `nobody can be invited to ${address} port ${port}`, {
        cause: error,
        remedy: 'choose another port with --port; ha.address must be an address of this host',
      });
    });
    const bound = server.address();
    const token = newToken(address, typeof bound === 'object' && bound !== null ? bound.port : port);
    this.#server = server;
    const tls = joinServer(token, HANDSHAKE_MS);
    this.#serve(server, tls, offer);
    this.#cancel = this.#clock.after(VALID_MS, () => this.#end('nobody came in time'));
    this.#log.info({ address, port: token.port }, 'a node may join, once');
    return { token: tokenText(token), address, port: token.port, validMs: VALID_MS };
  }

  close(): void {
    this.#cancel?.();
    this.#server?.close();
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(server: Server, tls: TlsServer, offer: PairOffer): void {
    let wrong = 0;
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      if (this.#server !== server || this.#sockets.size >= MAX_WAITING) {
        socket.destroy();
        return;
      }
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      tls.emit('connection', socket);
    });
    server.on('error', (error) => this.#log.warn({ error: messageOf(error) }, 'the invitation'));
    tls.on('tlsClientError', (_error, socket) => {
      const address = socket.remoteAddress ?? '';
      socket.destroy();
      wrong += 1;
      this.#log.warn({ address, wrong }, 'somebody without the token tried to join');
      if (wrong >= WRONG_TRIES && this.#server === server) this.#end('too many wrong tries');
    });
    tls.on('secureConnection', (socket) => {
      if (this.#server === server) this.#give(socket, offer);
      else socket.destroy();
    });
  }

  /** One use: nobody else is listened to from here on. */
  #give(socket: TLSSocket, offer: PairOffer): void {
    const address = socket.remoteAddress ?? '';
    socket.on('error', () => {});
    this.#cancel?.();
    this.#server?.close();
    this.#server = undefined;
    socket.end(`${JSON.stringify(offer)}\n`, () =>
      this.#log.info({ address }, 'a node was given the settings of the pair'),
    );
    this.#clock.after(HANDSHAKE_MS, () => socket.destroy());
  }

  #end(reason: string): void {
    this.close();
    this.#log.info({ reason }, 'the invitation is over');
  }
}
