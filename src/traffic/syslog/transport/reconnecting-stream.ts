import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { DogwatchError } from '../../../runtime/errors.ts';
import type { ErrorTally, UdpTarget } from '../../udp-target.ts';

export interface TlsClientOptions {
  /** PEM. */
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** Takes any certificate. */
  readonly insecure?: boolean | undefined;
}

export interface StreamOptions {
  readonly target: UdpTarget;
  /** Undefined: plain TCP. */
  readonly tls?: TlsClientOptions | undefined;
  readonly localAddress?: string | undefined;
  /** Whether a connection that broke is made again. */
  readonly reconnect: boolean;
  readonly errors: ErrorTally;
}

export interface StreamEvents {
  /** A connection is there, the first one or another. */
  opened(socket: Socket): void;
  /** It is gone; what was not written by then never will be. */
  closed(): void;
}

const CONNECT_TIMEOUT_MS = 10_000;
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 5000;

/**
 * A TCP or TLS connection that is made again when it breaks, each attempt twice as long after the last.
 *
 *   idle ─start─▶ connecting ──▶ open ──broken──▶ backing off ──▶ connecting …
 *                     │ first       │                 │
 *                     ▼ failed      ▼ no reconnect    ▼ close
 *                   throws        ended ◀─────────────┘
 */
export class ReconnectingStream {
  ended = false;
  /** Set while it is open. */
  socket: Socket | undefined;
  reconnects = 0;
  readonly #options: StreamOptions;
  readonly #events: StreamEvents;
  readonly #closing = new AbortController();

  constructor(options: StreamOptions, events: StreamEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** @throws DogwatchError `CONNECT_FAILED` when the first attempt fails */
  async start(): Promise<void> {
    const { target } = this.#options;
    try {
      this.#use(await this.#connect());
    } catch (error) {
      const where = `${target.name ?? target.address}, port ${target.port}`;
      throw new DogwatchError('CONNECT_FAILED', `cannot connect to ${where}`, {
        cause: error,
        remedy: remedyFor(error),
      });
    }
  }

  async #connect(): Promise<Socket> {
    const { target, tls, localAddress } = this.#options;
    const where = {
      host: target.address,
      port: target.port,
      ...(localAddress === undefined ? {} : { localAddress }),
    };
    const socket =
      tls === undefined
        ? connectTcp({ ...where, noDelay: true })
        : connectTls({
            ...where,
            ...(target.name === undefined ? {} : { servername: target.name }),
            ca: tls.ca,
            cert: tls.certificate,
            key: tls.key,
            rejectUnauthorized: tls.insecure !== true,
          });
    const limit = AbortSignal.any([AbortSignal.timeout(CONNECT_TIMEOUT_MS), this.#closing.signal]);
    try {
      await once(socket, tls === undefined ? 'connect' : 'secureConnect', { signal: limit });
    } catch (error) {
      socket.on('error', () => {});
      socket.destroy();
      if (limit.aborted) throw new Error(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`, { cause: error });
      throw error;
    }
    return socket;
  }

  #use(socket: Socket): void {
    this.socket = socket;
    socket.on('error', (error) => this.#options.errors.add(error));
    socket.on('close', () => void this.#broken());
    socket.resume(); // a server's farewell must be read for its end to be seen
    // Half-closed by the collector: it reads no more.
    socket.on('end', () => socket.destroy());
    this.#events.opened(socket);
  }

  async #broken(): Promise<void> {
    this.socket = undefined;
    this.#events.closed();
    if (!this.#options.reconnect) this.ended = true;
    for (let wait = FIRST_BACKOFF_MS; !this.#over; wait = Math.min(2 * wait, LONGEST_BACKOFF_MS)) {
      try {
        await delay(wait, undefined, { signal: this.#closing.signal });
        const socket = await this.#connect();
        this.reconnects += 1;
        this.#use(socket);
        return;
      } catch (error) {
        if (!this.#over && error instanceof Error) this.#options.errors.add(error);
      }
    }
  }

  get #over(): boolean {
    return this.ended || this.#closing.signal.aborted;
  }

  /** Ends the connection in order, or at once when `signal` aborts. */
  async close(signal: AbortSignal): Promise<void> {
    const socket = this.socket;
    this.#closing.abort();
    this.ended = true;
    if (socket === undefined) return;
    socket.end();
    try {
      if (!socket.closed) await once(socket, 'close', { signal });
    } catch {
      socket.destroy();
    }
  }
}

/** Codes of OpenSSL's verification, such as SELF_SIGNED_CERT_IN_CHAIN, and of Node's own look at the names. */
const UNTRUSTED = /CERT|VERIFY|ISSUER/;

function remedyFor(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return UNTRUSTED.test(code)
    ? 'Name the authority of its certificate with --tls-ca, or take any certificate with --insecure.'
    : 'Is the collector running, and does it listen on that port for this transport?';
}
