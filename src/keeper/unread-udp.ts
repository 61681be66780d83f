import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';

import type { SocketHandle } from '../processes/channel.ts';

/** What of libuv's handle we use. */
interface UdpHandle {
  recvStop(): number;
}

export interface UnreadUdp {
  /** Keeps the descriptor open; never read from here. */
  readonly socket: Socket;
  /** To be sent to another process, any number of times. */
  readonly handle: SocketHandle;
}

/**
 * Binds a UDP socket that this process holds and never reads.
 *
 * Node has no public way to bind without reading, nor to send a socket that its receiver does not read at once. So this reaches for the
 * handle in the socket's state, by the description of its symbol (`_handle` would be the same with a deprecation warning,
 * DEP0112), and stops it in the event that follows the bind: no turn of the event loop is between, hence nothing can have been
 * read. A bare handle goes over `fork`'s channel as it is, as `node:cluster` sends it. Seen to work on Node 24.21.
 * @throws Error of `bind`, or where Node has changed what is said above
 */
export async function bindUnread(address: string, port: number, reusePort: boolean): Promise<UnreadUdp> {
  const socket = createSocket({ type: isIP(address) === 6 ? 'udp6' : 'udp4', reusePort });
  let handle: UdpHandle | undefined;
  socket.once('listening', () => {
    handle = handleOf(socket);
    handle?.recvStop();
  });
  const listening = once(socket, 'listening');
  socket.bind({ address, port });
  try {
    await listening;
    if (handle === undefined) throw new Error(`Node ${process.version} hides the handle of its UDP sockets`);
  } catch (error) {
    socket.close();
    throw error;
  }
  return { socket, handle };
}

function handleOf(socket: Socket): UdpHandle | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol');
  const state: unknown = symbol === undefined ? undefined : Reflect.get(socket, symbol);
  const handle: unknown = typeof state === 'object' && state !== null ? Reflect.get(state, 'handle') : undefined;
  return isUdpHandle(handle) ? handle : undefined;
}

function isUdpHandle(handle: unknown): handle is UdpHandle {
  return typeof handle === 'object' && handle !== null && 'recvStop' in handle && typeof handle.recvStop === 'function';
}
