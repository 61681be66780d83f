import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP, isIPv6 } from 'node:net';
import { DogwatchError, messageOf } from '../runtime/errors.ts';

/** Where to send to, with the name already resolved. */
export interface UdpTarget {
  /** As it was asked for, where that was a name; certificates are compared with it. */
  readonly name?: string;
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
}

/**
 * `text`: host, host:port, or [IPv6 address]:port.
 * @throws DogwatchError `USAGE`, `HOST_UNKNOWN`
 */
export async function resolveTarget(text: string, defaultPort: number): Promise<UdpTarget> {
  const { host, port } = splitHostAndPort(text, defaultPort);
  try {
    const { address, family } = await lookup(host);
    return { ...(isIP(host) === 0 ? { name: host } : {}), address, port, family: family === 6 ? 6 : 4 };
  } catch (error) {
    throw new DogwatchError('HOST_UNKNOWN', `cannot find the host ${host}: ${messageOf(error)}`, { cause: error });
  }
}

/** Whether a target, written as for `resolveTarget`, names its port. @throws DogwatchError `USAGE` */
export function namesPort(text: string): boolean {
  return splitHostAndPort(text, 1).port === splitHostAndPort(text, 2).port;
}

function splitHostAndPort(text: string, defaultPort: number): { host: string; port: number } {
  const match = /^\[(?<bracketed>[^\]]+)\](?::(?<after>\d+))?$|^(?<host>[^:\s]+)(?::(?<port>\d+))?$/.exec(text);
  const groups = match?.groups;
  const host = isIPv6(text) ? text : (groups?.['bracketed'] ?? groups?.['host']);
  const port = Number(groups?.['after'] ?? groups?.['port'] ?? defaultPort);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new DogwatchError('USAGE', `${text} is not a target`, {
      remedy: 'Write host, host:port or [IPv6 address]:port.',
    });
  }
  return { host, port };
}

/** How the local ends of several simulated or replayed exporters differ. */
export const SOURCE_KINDS = ['ports', 'loopback-range'] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/**
 * A socket connected to `target`, number `index` of several. `loopback-range` gives each an address of its own in
 * 127.0.0.0/8, all of which is the local host on Linux; `ports` leaves the choice of a port to the kernel.
 * Errors that the kernel reports later (ECONNREFUSED) come with the callback of a later `send`, or as `error` events,
 * which go to `onError`.
 * @throws DogwatchError `SOCKET_FAILED`
 */
export async function openSource(
  target: UdpTarget,
  kind: SourceKind,
  index: number,
  onError: (error: Error) => void,
): Promise<Socket> {
  refuseUnreachable(target, kind);
  const socket = createSocket(target.family === 6 ? 'udp6' : 'udp4');
  try {
    if (kind === 'loopback-range') {
      socket.bind(0, loopbackAddress(index));
      await once(socket, 'listening');
    }
    socket.connect(target.port, target.address);
    await once(socket, 'connect');
  } catch (error) {
    socket.close();
    throw new DogwatchError('SOCKET_FAILED', `cannot open socket ${index + 1}: ${messageOf(error)}`, { cause: error });
  }
  socket.on('error', onError);
  return socket;
}

/** @throws DogwatchError `USAGE` where the target is not on this host, and the sources would be */
export function refuseUnreachable(target: UdpTarget, kind: SourceKind): void {
  if (kind === 'ports' || target.address.startsWith('127.')) return;
  throw new DogwatchError('USAGE', `source addresses of 127.0.0.0/8 do not reach ${target.address}`, {
    remedy: 'Send to 127.0.0.1, or leave out --source loopback-range.',
  });
}

/** 127.1.0.1 for the first; 254 addresses to each third octet, so that none looks like a network's own. */
export function loopbackAddress(index: number): string {
  const high = Math.floor(index / 254);
  return `127.${1 + (high >> 8)}.${high & 0xff}.${1 + (index % 254)}`;
}

/** What a datagram takes on Ethernet: with UDP, IP, and Ethernet's header and checksum. */
export function wireBytes(datagrams: number, payloadBytes: number, family: 4 | 6): number {
  return payloadBytes + datagrams * (8 + (family === 6 ? 40 : 20) + 18);
}

/** Counts errors by their code. */
export class ErrorTally {
  readonly counts: Record<string, number> = {};

  add(error: Error): void {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
    this.counts[code] = (this.counts[code] ?? 0) + 1;
  }

  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }
}
