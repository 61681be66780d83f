import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';

import { messageOf } from '../../src/runtime/errors.ts';
import type { Log } from '../../src/runtime/log.ts';
import { ClientSubjects } from './tls-clients.ts';
import { loadTlsCredentials, type TlsOptions } from './tls-credentials.ts';

interface Handshake {
  readonly raw: Socket;
  readonly secured: (secure: TLSSocket) => void;
}

/** The handshake failed, or the sender's certificate is not one of those that are heard. The connection is closed. */
export type TlsRefused = (sourceAddress: string, reason: string, subject: string | undefined) => void;

const HANDSHAKE_MS = 10_000;
const EXPIRY_WARNING_MS = 30 * 86_400_000;

/**
 * Makes TLS connections out of accepted ones (RFC 5425, and RELP over TLS).
 *
 *   accept ──▶ handshake, 10 s at most ──▶ certificate ──heard──▶ secured
 *                    └── fails: refused         └── not heard: refused
 */
export class TlsAcceptor {
  readonly #options: TlsOptions;
  readonly #refused: TlsRefused;
  readonly #log: Log;
  readonly #subjects: ClientSubjects;
  readonly #server: Server;
  /** By the sender's address and port. */
  readonly #handshakes = new Map<string, Handshake>();

  /** @throws DogwatchError as `loadTlsCredentials` and `ClientSubjects` do */
  constructor(options: TlsOptions, nowMs: number, refused: TlsRefused, log: Log) {
    this.#options = options;
    this.#refused = refused;
    this.#log = log;
    this.#subjects = new ClientSubjects(options.clientSubjects ?? [], options.clientCaFile !== undefined);
    this.#server = createServer({
      ...this.#load(nowMs),
      handshakeTimeout: HANDSHAKE_MS,
      allowHalfOpen: true,
      requestCert: this.#subjects.isAsked,
      // Node would close without a word of who it was; we judge, and say so.
      rejectUnauthorized: false,
    });
    this.#server.on('secureConnection', (secure) => this.#judge(secure));
    this.#server.on('tlsClientError', (error, secure) => this.#fail(error, secure));
  }

  /** Begins the handshake; `secured` is called when it is done and the sender is one that is heard. */
  accept(raw: Socket, secured: (secure: TLSSocket) => void): void {
    const key = keyOf(raw);
    this.#handshakes.set(key, { raw, secured });
    raw.once('close', () => this.#handshakes.delete(key));
    this.#server.emit('connection', raw);
  }

  /** Gives up the handshakes under way. */
  stop(): void {
    for (const { raw } of this.#handshakes.values()) raw.destroy();
  }

  /**
   * Reads the files again, for connections from now on; open ones go on as they are.
   * @throws DogwatchError as `loadTlsCredentials`; what was read before stays in use
   */
  reload(nowMs: number): void {
    this.#server.setSecureContext(this.#load(nowMs));
  }

  #load(nowMs: number) {
    const { context, validToMs, subject } = loadTlsCredentials(this.#options);
    if (validToMs - nowMs < EXPIRY_WARNING_MS) {
      const validTo = new Date(validToMs).toISOString();
      const message = validToMs < nowMs ? 'the certificate has expired' : 'the certificate expires soon';
      this.#log.warn({ file: this.#options.certificateFile, subject, validTo }, message);
    }
    return context;
  }

  #judge(secure: TLSSocket): void {
    const key = keyOf(secure);
    const handshake = this.#handshakes.get(key);
    if (handshake === undefined) return void secure.destroy();
    const certificate = secure.getPeerX509Certificate();
    // `authorizationError` is an error code, whatever its declared type.
    const trouble = secure.authorized ? undefined : String(secure.authorizationError);
    const reason = this.#subjects.refuse(certificate, trouble);
    if (reason === undefined) {
      this.#handshakes.delete(key);
      return handshake.secured(secure);
    }
    const source = secure.remoteAddress ?? '';
    secure.on('error', () => {});
    secure.destroy();
    this.#refused(source, reason, certificate?.subject.replaceAll('\n', ', '));
  }

  #fail(error: Error, secure: TLSSocket): void {
    const source = secure.remoteAddress ?? '';
    secure.destroy();
    this.#refused(source, `TLS handshake: ${messageOf(error).trim()}`, undefined);
  }
}

function keyOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
