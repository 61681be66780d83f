import type { Server, Socket } from 'node:net';

import type { Clock } from '../../src/runtime/clock.ts';
import { DogwatchError, messageOf } from '../../src/runtime/errors.ts';
import type { Component } from '../../src/runtime/lifecycle.ts';
import type { Log } from '../../src/runtime/log.ts';
import { RateLimit } from '../../src/runtime/rate-limit.ts';
import type { Acceptance } from '../acceptance.ts';
import type { ReceiveSyslog } from '../syslog/received.ts';
import { RelpSession } from '../syslog/relp/relp-session.ts';
import { PlainSession, type StreamSession } from '../syslog/stream-session.ts';
import { ConnectionSlots, connectionsAllowed } from './connection-slots.ts';
import { ConnectionTurns } from './connection-turns.ts';
import { Connection } from './connection.ts';
import type { GivenSocket } from './given-socket.ts';
import { AllowList, normaliseSourceAddress } from './source-address.ts';
import { endConnections } from './stream-stop.ts';
import { adoptTcpPort, openTcpPort } from './tcp-port.ts';
import { TlsAcceptor } from './tls-acceptor.ts';
import type { TlsOptions } from './tls-credentials.ts';

export interface StreamListenerOptions {
  /** What listens here, for the log. */
  readonly family: 'syslog';
  /** `relp` may come over TLS as well. */
  readonly transport: 'tcp' | 'tls' | 'relp';
  /** Local address; `::` hears IPv4 and IPv6, and falls back to `0.0.0.0` on a host without IPv6. */
  readonly address: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** Senders that are heard, as prefixes; empty: everyone. */
  readonly allowFrom: readonly string[];
  /** Longer messages are cut and marked. */
  readonly maxMessageBytes: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerSource: number;
  /**
   * Silence after which a connection is closed; also what one message may take to come. Over TCP and TLS a sender loses what it
   * writes into a connection that we closed, until it learns of that: a day is not too long, since the kernel's probes find out
   * who is gone.
   */
  readonly idleMs: number;
  /** Required where the transport is `tls`. */
  readonly tls?: TlsOptions | undefined;
  /** Bound already, and kept open by another process: connections are taken from it instead of binding. */
  readonly socket?: GivenSocket | undefined;
}

const SWEEP_MS = 1000;
/** First probe of a silent connection; Linux ends it after nine more, 75 s apart (tcp(7)). */
const KEEP_ALIVE_MS = 60_000;
const TROUBLE_LINES_PER_10_S = 5;
const SOFTWARE = 'dogwatch';

/**
 * One TCP port for syslog: plain (RFC 6587), over TLS (RFC 5425), or RELP.
 *
 *   idle ──start()──▶ listening ──stop()──▶ ending (bounded, see `endConnections`) ──▶ closed ──start()──▶ …
 *
 * TCP tells a sender what our kernel received, not what we did with it. So nothing that was read is thrown away, the queue
 * full or not, but only RELP can promise that nothing is lost.
 */
export class StreamListener implements Component {
  readonly name: string;
  readonly options: StreamListenerOptions;
  /** Connections that were accepted and passed the allow-list and the bounds. */
  accepted = 0;
  /** Connections of senders outside the allow-list. */
  refused = 0;
  /** Connections beyond a bound. */
  refusedFull = 0;
  /** Connections that were closed for silence, or for a message that did not end. */
  closedIdle = 0;
  messages = 0;
  bytes = 0;
  /** Messages longer than the bound, or left incomplete by the end of their connection. */
  cut = 0;
  /** Connections that were closed for bytes that are not RELP. */
  framingErrors = 0;
  /** Failed handshakes, and certificates that are not heard. */
  tlsErrors = 0;
  /** Where it listened last; stays after `stop`. */
  boundAddress: { readonly address: string; readonly port: number } | undefined;

  readonly #clock: Clock;
  readonly #receive: ReceiveSyslog;
  readonly #acceptance: Acceptance;
  readonly #log: Log;
  readonly #allowList: AllowList;
  #turns: ConnectionTurns;
  /** Of turns before these. */
  #earlierPauses = 0;
  readonly #open = new Set<Connection>();
  readonly #troubleLimit = new RateLimit(TROUBLE_LINES_PER_10_S, 10_000);
  readonly #received;
  #slots: ConnectionSlots;
  #tls: TlsAcceptor | undefined;
  #server: Server | undefined;
  #cancelSweep: (() => void) | undefined;
  #isStopping = false;

  /** `receive` is called for each message and must not throw. */
  constructor(options: StreamListenerOptions, clock: Clock, receive: ReceiveSyslog, acceptance: Acceptance, log: Log) {
    this.name = `listener ${options.family} ${options.transport} ${options.address}:${options.port}`;
    this.options = options;
    this.#clock = clock;
    this.#receive = receive;
    this.#acceptance = acceptance;
    this.#log = log.child({ listener: `${options.family}:${options.transport}:${options.port}` });
    this.#allowList = new AllowList(options.allowFrom);
    this.#turns = new ConnectionTurns(acceptance);
    this.#received = { sourceAddress: '', transport: options.transport, receivedAtMicros: 0, cut: false };
    this.#slots = new ConnectionSlots(options.maxConnections, options.maxConnectionsPerSource);
  }

  /** Connections open now. */
  get connections(): number {
    return this.#slots.taken;
  }

  /** How often no connection was read because the queue had no room. */
  get pauses(): number {
    return this.#earlierPauses + this.#turns.pauses;
  }

  /**
   * @param given a socket that is bound already; the one of the options where none is given
   * @throws DogwatchError `LISTEN_FAILED`: the address is not ours, the port is taken or needs a privilege; `TLS_…`: see
   *   `loadTlsCredentials` and `ClientSubjects`
   */
  async start(given: GivenSocket | undefined = this.options.socket): Promise<void> {
    this.#isStopping = false;
    this.#boundConnections();
    this.#tls = this.#makeTls();
    const { address, port } = this.options;
    const onFallback = (): void => this.#log.info({}, 'no IPv6 on this host, listening on IPv4 only');
    this.#server =
      given === undefined ? await openTcpPort(address, port, onFallback) : await adoptTcpPort(given, address, port);
    const bound = this.#server.address();
    if (bound !== null && typeof bound === 'object') this.boundAddress = { address: bound.address, port: bound.port };
    // What the kernel could not give us; the next connection may find it again. (Without a descriptor left, Node turns
    // connections away by itself and says nothing: hence the bound that `#boundConnections` sets.)
    this.#server.on('error', (error) => this.#trouble({ error: messageOf(error) }, 'cannot accept a connection'));
    this.#server.on('connection', (socket) => this.#accept(socket));
    this.#scheduleSweep();
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#isStopping = true;
    this.#cancelSweep?.();
    this.#tls?.stop();
    await endConnections(server, this.#open, this.options.transport === 'relp', this.#clock, () => this.bytes);
    this.#turns.stop();
    this.#earlierPauses += this.#turns.pauses;
    this.#turns = new ConnectionTurns(this.#acceptance);
    this.#server = undefined;
  }

  /** Where it listens now; undefined before start and after stop. */
  address(): { address: string; port: number } | undefined {
    const address = this.#server?.address();
    return address === null || typeof address !== 'object' ? undefined : address;
  }

  /**
   * Reads certificate, key and authorities again; open connections go on. Nothing to do without TLS.
   * @throws DogwatchError as `start`; what was read before stays in use
   */
  reload(): void {
    this.#tls?.reload(this.#clock.nowMicros() / 1000);
  }

  #boundConnections(): void {
    const { maxConnections, maxConnectionsPerSource } = this.options;
    const allowed = connectionsAllowed();
    if (allowed >= maxConnections) return;
    this.#slots = new ConnectionSlots(allowed, maxConnectionsPerSource);
    this.#log.warn(
      { maxConnections, allowed, remedy: `raise the limit on open files (LimitNOFILE=, ulimit -n)` },
      'the limit on open files allows fewer connections than configured',
    );
  }

  #makeTls(): TlsAcceptor | undefined {
    const { tls, transport } = this.options;
    if (tls === undefined && transport === 'tls') {
      throw new DogwatchError('TLS_FILE_UNREADABLE', `the listener on port ${this.options.port} has no certificate`, {
        remedy: 'set `tls.certificateFile` and `tls.keyFile` of this listener',
      });
    }
    if (tls === undefined) return undefined;
    const refused = (source: string, reason: string, subject: string | undefined): void => {
      this.tlsErrors += 1;
      this.#trouble({ sourceAddress: normaliseSourceAddress(source), reason, subject }, 'TLS sender refused');
    };
    return new TlsAcceptor(tls, this.#clock.nowMicros() / 1000, refused, this.#log);
  }

  #accept(socket: Socket): void {
    socket.on('error', () => {});
    // A sender that has gone again has no address any more.
    if (socket.remoteAddress === undefined) return void socket.destroy();
    const sourceAddress = normaliseSourceAddress(socket.remoteAddress);
    if (!this.#allowList.allows(sourceAddress)) {
      this.refused += 1;
      return void socket.destroy();
    }
    const slot = this.#slots.take(sourceAddress);
    if (typeof slot === 'string') {
      this.refusedFull += 1;
      socket.destroy();
      return this.#trouble({ sourceAddress, connections: this.connections }, `connection refused: ${slot}`);
    }
    this.accepted += 1;
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    if (this.#tls === undefined) return this.#serve(socket, sourceAddress, slot);
    if (this.#isStopping) {
      slot();
      return void socket.destroy();
    }
    let isServed = false;
    socket.once('close', () => {
      if (!isServed) slot();
    });
    this.#tls.accept(socket, (secure) => {
      isServed = true;
      this.#serve(secure, sourceAddress, slot);
    });
  }

  #serve(socket: Socket, sourceAddress: string, giveBack: () => void): void {
    const makeSession = (connection: Connection): StreamSession => this.#makeSession(connection);
    const connection = new Connection(socket, sourceAddress, makeSession, this.#clock, this.#turns, {
      heard: (bytes) => {
        this.bytes += bytes;
      },
      finished: () => {
        this.#open.delete(connection);
        giveBack();
      },
    });
    this.#open.add(connection);
    connection.open();
  }

  #makeSession(connection: Connection): StreamSession {
    const { maxMessageBytes, transport } = this.options;
    const message = (bytes: Buffer, cut: boolean): void => this.#handOn(connection, bytes, cut);
    if (transport !== 'relp') return new PlainSession(maxMessageBytes, message);
    return new RelpSession(
      { maxMessageBytes, software: SOFTWARE },
      {
        message,
        whenAccepted: (settled) => this.#acceptance.whenAccepted(settled),
        send: (bytes) => connection.send(bytes),
        answered: () => connection.goOn(),
        close: () => connection.close(),
        broken: (reason) => {
          this.framingErrors += 1;
          this.#trouble({ sourceAddress: connection.sourceAddress, reason }, 'not RELP, connection closed');
        },
      },
    );
  }

  #handOn(connection: Connection, bytes: Buffer, cut: boolean): void {
    this.messages += 1;
    if (cut) this.cut += 1;
    const received = this.#received;
    received.sourceAddress = connection.sourceAddress;
    received.receivedAtMicros = connection.arrivedAtMicros;
    received.cut = cut;
    this.#receive(bytes, received);
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.#clock.after(SWEEP_MS, () => {
      const sinceMs = this.#clock.monotonicMs() - this.options.idleMs;
      for (const connection of this.#open) {
        if (!connection.isIdleSince(sinceMs)) continue;
        this.closedIdle += 1;
        connection.endForSilence();
      }
      this.#scheduleSweep();
    });
  }

  #trouble(fields: Record<string, unknown>, message: string): void {
    const { passed, suppressed } = this.#troubleLimit.take(this.#clock.monotonicMs());
    if (passed) this.#log.warn({ ...fields, ...(suppressed > 0 ? { suppressed } : {}) }, message);
  }
}
