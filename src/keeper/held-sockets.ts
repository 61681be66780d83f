import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIP } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { isMissingIpv6, listenFailed } from '../../collectors/listener/listen-failed.ts';
import { sizeReceiveBuffer } from '../../collectors/listener/receive-buffer.ts';
import type { Channel } from '../processes/channel.ts';
import type { ChildSays, LifeOnly, ParentSays } from '../processes/life.ts';
import { DogwatchError } from '../runtime/errors.ts';
import type { Component } from '../runtime/lifecycle.ts';
import { type Log, silentLog } from '../runtime/log.ts';
import { bindUnaccepted, type UnacceptedTcp } from './unaccepted-tcp.ts';
import { bindUnread, type UnreadUdp } from './unread-udp.ts';

/** A listener of the configuration, as far as its socket goes. */
export interface SocketPlan {
  readonly transport: string;
  /** `::` hears IPv4 and IPv6, and falls back to `0.0.0.0` on a host without IPv6. */
  readonly address: string;
  /** 0 lets the kernel choose, one port for all sockets of the listener. */
  readonly port: number;
  /** Bytes, of UDP sockets. */
  readonly receiveBuffer?: number | undefined;
}

/** A little longer than the children of a keeper that was killed live on. */
const PATIENCE_MS = 3500;
/** Whoever has let go of a port is missed from then on: what is sent meanwhile is lost. */
const RETRY_MS = 20;

interface Held {
  readonly plan: SocketPlan;
  readonly address: string;
  readonly port: number;
  /** One for each worker, or one for all. */
  readonly udp: readonly UnreadUdp[];
  readonly tcp: UnacceptedTcp | undefined;
}

/**
 * The sockets of all listeners, bound and held open by the keeper, read by the workers: what the kernel has accepted outlives a worker.
 *
 *   UDP: one socket for each worker (SO_REUSEPORT where there are several: the kernel keeps a sender with one of them)
 *   TCP: one socket, on which all workers accept
 *
 * The keeper reads and accepts nothing.
 */
export class HeldSockets implements Component {
  readonly name = 'sockets';
  #plans: readonly SocketPlan[];
  readonly #workers: number;
  readonly #log: Log;
  readonly #patienceMs: number;
  #held: Held[] = [];
  /** No longer wanted, but still read. */
  #leaving: Held[] = [];
  #isOpen = false;
  /** Raised by each start and each stop: what was bound for an earlier one is closed again. */
  #turn = 0;
  /** Settled when the latest start is, however it ended. */
  #starting: Promise<void> | undefined;

  /**
   * @param plans in the order of the configuration's listeners
   * @param patienceMs how long a port that is taken is tried again
   */
  constructor(plans: readonly SocketPlan[], workers: number, log: Log, patienceMs = PATIENCE_MS) {
    this.#plans = plans;
    this.#workers = workers;
    this.#log = log;
    this.#patienceMs = patienceMs;
  }

  /** @throws DogwatchError `LISTEN_FAILED`: an address is not ours, a port is taken or needs a privilege; none is bound then */
  async start(): Promise<void> {
    this.#isOpen = true;
    this.#turn += 1;
    const starting = this.#bindAll(this.#turn);
    this.#starting = starting.catch(() => {});
    await starting;
  }

  /** Whether they are bound, or being bound. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  async stop(): Promise<void> {
    this.#isOpen = false;
    this.#turn += 1;
    for (const held of [...this.#held.splice(0), ...this.#leaving.splice(0)]) close(held);
  }

  /**
   * Other listeners from now on: what is not bound yet is bound; what is not wanted any more stays until `prune`. While they are
   * closed, or where they are closed meanwhile, the next `start` binds these.
   * @throws DogwatchError `LISTEN_FAILED`: all is as before
   */
  async change(plans: readonly SocketPlan[]): Promise<void> {
    for (;;) {
      // Both would bind the same ports otherwise, and one of the sockets would be read by nobody.
      for (let seen: Promise<void> | undefined; seen !== this.#starting; await seen) seen = this.#starting;
      if (!this.#isOpen) {
        this.#plans = plans;
        return;
      }
      if (await this.#changeOpen(plans)) return;
    }
  }

  /** @returns false: they were closed, or closed and opened again, meanwhile; nothing is changed then */
  async #changeOpen(plans: readonly SocketPlan[]): Promise<boolean> {
    const turn = this.#turn;
    const before = [...this.#held, ...this.#leaving];
    const next: Held[] = [];
    const fresh: Held[] = [];
    try {
      for (const plan of plans) {
        const kept = before.find((held) => !next.includes(held) && isFor(held, plan));
        const held = kept ?? (await this.#hold(plan, turn));
        if (kept === undefined) fresh.push(held);
        next.push(held);
      }
    } catch (error) {
      fresh.forEach(close);
      // An address that went with the role is no fault of the plans.
      if (turn !== this.#turn) return false;
      throw error;
    }
    if (turn !== this.#turn) {
      fresh.forEach(close);
      return false;
    }
    this.#plans = plans;
    this.#held = next;
    this.#leaving = before.filter((held) => !next.includes(held));
    return true;
  }

  async #bindAll(turn: number): Promise<void> {
    const bound: Held[] = [];
    try {
      for (const plan of this.#plans) bound.push(await this.#hold(plan, turn));
      if (turn !== this.#turn) throw new DogwatchError('LISTEN_FAILED', 'the listeners were closed meanwhile');
    } catch (error) {
      bound.forEach(close);
      if (turn === this.#turn) this.#isOpen = false;
      throw error;
    }
    this.#held = bound;
  }

  /** Closes what is not wanted any more. */
  prune(): void {
    this.#leaving.splice(0).forEach(close);
  }

  /** Where they are bound, in the order of the plans. */
  get addresses(): { readonly address: string; readonly port: number }[] {
    return this.#held.map(({ address, port }) => ({ address, port }));
  }

  /** Sends a worker its sockets: to each successor again, and before its assignment. @param worker its number, from 1 */
  handOver(channel: Channel<ChildSays<LifeOnly>, ParentSays<LifeOnly>>, worker: number): void {
    this.#held.forEach(({ udp, tcp }, listener) => {
      const unread = udp[worker - 1];
      if (unread !== undefined) channel.send('life.socket', { listener, protocol: 'udp' }, unread.handle);
      if (tcp !== undefined) channel.send('life.socket', { listener, protocol: 'tcp' }, tcp.handle);
    });
  }

  async #hold(plan: SocketPlan, turn: number): Promise<Held> {
    const protocol = plan.transport === 'udp' ? 'UDP' : 'TCP';
    const bind = (address: string): Promise<Held> =>
      this.#patiently(plan, turn, () => (protocol === 'UDP' ? this.#bindUdp(plan, address) : bindTcp(plan, address)));
    try {
      return await bind(plan.address);
    } catch (error) {
      if (plan.address !== '::' || !isMissingIpv6(error)) throw listenFailed(protocol, plan.address, plan.port, error);
      this.#log.info({ port: plan.port }, 'no IPv6 on this host, listening on IPv4 only');
      return await bind('0.0.0.0').catch((second: unknown) => {
        throw listenFailed(protocol, plan.address, plan.port, second);
      });
    }
  }

  /** Says once for each listener where the kernel grants less. */
  #size({ port, receiveBuffer }: SocketPlan, socket: Socket, isFirst: boolean): void {
    if (receiveBuffer === undefined) return;
    sizeReceiveBuffer(socket, receiveBuffer, isFirst ? this.#log.child({ port }) : silentLog);
  }

  /** Tries again while the port is taken: it may be by the workers of a keeper that was killed, which end in three seconds. */
  async #patiently(plan: SocketPlan, turn: number, bind: () => Promise<Held>): Promise<Held> {
    const deadline = performance.now() + this.#patienceMs;
    let hasSaid = false;
    for (;;) {
      try {
        return await bind();
      } catch (error) {
        if (!isTaken(error) || turn !== this.#turn || performance.now() >= deadline) throw error;
      }
      if (!hasSaid) this.#log.info({ port: plan.port, transport: plan.transport }, 'the port is taken, trying again');
      hasSaid = true;
      await pause(RETRY_MS);
    }
  }

  async #bindUdp(plan: SocketPlan, address: string): Promise<Held> {
    const isShared = this.#workers > 1;
    // With SO_REUSEPORT another program of ours would not be in the way, and take a part of the senders.
    if (isShared) await probeUdp(address, plan.port);
    const bind = (port: number): Promise<UnreadUdp> => bindUnread(address, port, isShared);
    // Where the kernel chooses the port, it does so for the first.
    const first = plan.port === 0 ? [bind(0)] : [];
    const port = (await first[0])?.socket.address().port ?? plan.port;
    const others = Array.from({ length: this.#workers - first.length }, () => bind(port));
    const udp = await allBound([...first, ...others]);
    udp.forEach(({ socket }, index) => this.#size(plan, socket, index === 0));
    return { plan, address, port, udp, tcp: undefined };
  }
}

function close({ udp, tcp }: Held): void {
  for (const { socket } of udp) socket.close();
  tcp?.close();
}

/**
 * Sockets of one port are bound at once: until the last is, the others hear its senders too, whose next datagrams then seem to
 * come after a gap.
 */
async function allBound(binding: readonly Promise<UnreadUdp>[]): Promise<UnreadUdp[]> {
  const settled = await Promise.allSettled(binding);
  const bound = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failure = settled.find((each) => each.status === 'rejected');
  if (failure === undefined) return bound;
  for (const { socket } of bound) socket.close();
  throw failure.reason;
}

function isFor({ plan, udp }: Held, { transport, address, port }: SocketPlan): boolean {
  return plan.address === address && plan.port === port && udp.length > 0 === (transport === 'udp');
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

async function probeUdp(address: string, port: number): Promise<void> {
  const socket = createSocket({ type: isIP(address) === 6 ? 'udp6' : 'udp4' });
  const listening = once(socket, 'listening');
  socket.bind({ address, port });
  try {
    await listening;
  } finally {
    socket.close();
  }
}

/** Only listening tells whether somebody else listens: two sockets may be bound to one port. */
async function bindTcp(plan: SocketPlan, address: string): Promise<Held> {
  const { port } = plan;
  const probe = createServer();
  const listening = once(probe, 'listening');
  probe.listen({ host: address, port });
  await listening;
  const closed = once(probe, 'close');
  probe.close();
  await closed;
  const tcp = bindUnaccepted(address, port);
  return { plan, address: tcp.address, port: tcp.port, udp: [], tcp };
}
