import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Clock } from '../../src/runtime/clock.ts';
import { messageOf } from '../../src/runtime/errors.ts';
import type { Component } from '../../src/runtime/lifecycle.ts';
import type { Log } from '../../src/runtime/log.ts';
import { RateLimit } from '../../src/runtime/rate-limit.ts';
import type { Datagram } from '../datagram.ts';
import { adoptUdp, type GivenSocket, stopReading, descriptorOf } from './given-socket.ts';
import { KernelDrops } from './kernel-drops.ts';
import { isMissingIpv6, listenFailed } from './listen-failed.ts';
import { grantedReceiveBuffer, sizeReceiveBuffer } from './receive-buffer.ts';
import { AllowList, normaliseSourceAddress } from './source-address.ts';

export interface UdpListenerOptions {
  /** What listens here, for the log: `flow`, `snmp`, `syslog`. */
  readonly family: string;
  /** Local address; `::` hears IPv4 and IPv6, and falls back to `0.0.0.0` on a host without IPv6. */
  readonly address: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  readonly receiveBufferBytes: number;
  /** Senders that are heard, as prefixes; empty: everyone. */
  readonly allowFrom: readonly string[];
  /** Waited for before the socket closes, when nothing is received any more: time for answers to what was. Never rejects. */
  readonly beforeClose?: () => Promise<void>;
  /** Bound already, and kept open by another process: heard instead of binding; its receive buffer is as it is. */
  readonly socket?: GivenSocket | undefined;
}

/** On stop, what the kernel still holds is read for at most this long: a sender that never pauses must not hold us. */
const DRAIN_MS = 500;

/**
 * One UDP socket: stamps, counts and hands on every datagram of an allowed sender.
 *
 *   idle ──start()──▶ listening ──stop()──▶ draining (the kernel's buffer is read empty, bounded) ──▶ closed
 *                        ▲                                                                              │
 *                        └──────────────────────── start() with another given socket ───────────────────┘
 */
export class UdpListener implements Component {
  readonly name: string;
  readonly options: UdpListenerOptions;
  /** Plain totals since start, read by whoever reports them. */
  datagrams = 0;
  bytes = 0;
  refused = 0;
  kernelDrops = 0;
  /**
   * Until when datagrams may be accepted, by the monotonic clock. After a pause of the whole process what has queued up is handled
   * before any timer runs: so it is looked at with each datagram.
   */
  acceptUntilMs = Infinity;
  /** Called with a datagram that came later than that, and was kept all the same: it had been sent to us. */
  onLate: (() => void) | undefined;
  /** What the kernel granted for payload and bookkeeping, after binding. */
  receiveBufferBytes = 0;
  /** Where it listened last; stays after `stop`. */
  boundAddress: { readonly address: string; readonly port: number } | undefined;

  readonly #clock: Clock;
  readonly #receive: (datagram: Datagram) => void;
  readonly #log: Log;
  readonly #allowList: AllowList;
  readonly #sendTroubleLimit = new RateLimit(1, 10_000);
  #socket: Socket | undefined;
  #given: GivenSocket | undefined;
  #drops: KernelDrops | undefined;
  /** Of sockets that are closed. */
  #earlierDrops = 0;

  /** `receive` is called for each datagram and must not throw. It owns `bytes` from then on. */
  constructor(options: UdpListenerOptions, clock: Clock, receive: (datagram: Datagram) => void, log: Log) {
    this.name = `listener ${options.family} ${options.address}:${options.port}`;
    this.options = options;
    this.#clock = clock;
    this.#receive = receive;
    this.#log = log.child({ listener: `${options.family}:${options.port}` });
    this.#allowList = new AllowList(options.allowFrom);
  }

  /**
   * @param given a socket that is bound already; the one of the options where none is given
   * @throws DogwatchError `LISTEN_FAILED`: the address is not ours, the port is taken or needs a privilege.
   */
  async start(given: GivenSocket | undefined = this.options.socket): Promise<void> {
    const { receiveBufferBytes } = this.options;
    this.#given = given;
    // A given socket is read from here on: no turn of the event loop until its datagrams are heard.
    const socket = given === undefined ? await this.#bind() : adoptUdp(given);
    this.#socket = socket;
    const bound = socket.address();
    this.boundAddress = bound;
    this.#drops = new KernelDrops(bound.address, bound.port, given === undefined ? undefined : descriptorOf(given));
    this.receiveBufferBytes =
      given === undefined ? sizeReceiveBuffer(socket, receiveBufferBytes, this.#log) : grantedReceiveBuffer(socket);
    socket.on('error', (error) => this.#log.error({ error: messageOf(error) }, 'socket error'));
    this.#listen(socket, bound.port);
  }

  async stop(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    await this.#drain();
    // What comes from here on stays in the kernel for who reads a given socket next.
    if (this.#given !== undefined) stopReading(this.#given);
    socket.removeAllListeners('message');
    await this.options.beforeClose?.();
    await this.readKernelDrops();
    this.#earlierDrops = this.kernelDrops;
    this.#drops = undefined;
    const closed = once(socket, 'close');
    socket.close();
    await closed;
    this.#socket = undefined;
  }

  /** Where it listens now; undefined before start and after stop. */
  address(): { address: string; port: number } | undefined {
    return this.#socket?.address();
  }

  /** Sends a datagram from this port, as far as the kernel takes it; one that does not get there is no error. */
  send(bytes: Buffer, port: number, address: string): void {
    const isMapped = isIP(address) === 4 && isIP(this.boundAddress?.address ?? '') === 6;
    this.#socket?.send(bytes, port, isMapped ? `::ffff:${address}` : address, (error) => {
      if (error === null) return;
      const { passed, suppressed } = this.#sendTroubleLimit.take(this.#clock.monotonicMs());
      if (passed) this.#log.warn({ address, error: messageOf(error), suppressed }, 'an answer could not be sent');
    });
  }

  /** Brings `kernelDrops` up to date. */
  async readKernelDrops(): Promise<void> {
    const drops = this.#drops;
    if (drops !== undefined) this.kernelDrops = this.#earlierDrops + (await drops.read());
  }

  async #bind(): Promise<Socket> {
    const { address, port } = this.options;
    try {
      return await bind(address, port);
    } catch (error) {
      if (address !== '::' || !isMissingIpv6(error)) throw listenFailed('UDP', address, port, error);
      this.#log.info({}, 'no IPv6 on this host, listening on IPv4 only');
      return await bind('0.0.0.0', port).catch((second: unknown) => {
        throw listenFailed('UDP', address, port, second);
      });
    }
  }

  #listen(socket: Socket, localPort: number): void {
    const datagram = { bytes: Buffer.alloc(0), sourceAddress: '', sourcePort: 0, localPort, receivedAtMicros: 0 };
    // Each datagram brings a string of its own; the same one again spares whoever compares and looks up.
    let [reported, sourceAddress] = ['', ''];
    socket.on('message', (bytes, sender) => {
      if (sender.address !== reported) {
        reported = sender.address;
        sourceAddress = normaliseSourceAddress(reported);
      }
      if (!this.#allowList.allows(sourceAddress)) {
        this.refused += 1;
        return;
      }
      this.datagrams += 1;
      this.bytes += bytes.length;
      datagram.bytes = bytes;
      datagram.sourceAddress = sourceAddress;
      datagram.sourcePort = sender.port;
      datagram.receivedAtMicros = this.#clock.nowMicros();
      this.#receive(datagram);
      if (this.acceptUntilMs !== Infinity && this.#clock.monotonicMs() > this.acceptUntilMs) this.onLate?.();
    });
  }

  /** Lets the event loop read until two turns in a row brought nothing. */
  async #drain(): Promise<void> {
    const deadline = this.#clock.monotonicMs() + DRAIN_MS;
    let quietTurns = 0;
    while (quietTurns < 2 && this.#clock.monotonicMs() < deadline) {
      const before = this.datagrams + this.refused;
      await nextTurn();
      quietTurns = this.datagrams + this.refused === before ? quietTurns + 1 : 0;
    }
  }
}

async function bind(address: string, port: number): Promise<Socket> {
  const socket = createSocket({ type: isIP(address) === 6 ? 'udp6' : 'udp4' });
  const listening = once(socket, 'listening');
  socket.bind({ address, port });
  try {
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
}
