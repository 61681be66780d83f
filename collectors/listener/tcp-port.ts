import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

import type { GivenSocket } from './given-socket.ts';
import { isMissingIpv6, listenFailed } from './listen-failed.ts';

/** More than the kernel's default: a restart brings all senders back at once. Linux caps it at net.core.somaxconn. */
const BACKLOG = 4096;

/**
 * Opens a TCP port. Its connections may be closed in one direction, and while one is not read it holds one chunk at most.
 * @param address `::` hears IPv4 and IPv6, and falls back to `0.0.0.0` on a host without IPv6, of which `onFallback` learns
 * @throws DogwatchError `LISTEN_FAILED`: the address is not ours, the port is taken or needs a privilege
 */
export async function openTcpPort(address: string, port: number, onFallback: () => void): Promise<Server> {
  try {
    return await bind(address, port);
  } catch (error) {
    if (address !== '::' || !isMissingIpv6(error)) throw listenFailed('TCP', address, port, error);
    onFallback();
    return bind('0.0.0.0', port).catch((second: unknown) => {
      throw listenFailed('TCP', address, port, second);
    });
  }
}

/**
 * The same on a socket that is bound and that other processes hold as well: each of them may accept, a connection goes to one.
 * @throws DogwatchError `LISTEN_FAILED`: somebody else listens on its address and port
 */
export async function adoptTcpPort(given: GivenSocket, address: string, port: number): Promise<Server> {
  const server = makeServer();
  const listening = once(server, 'listening');
  server.listen(given, BACKLOG);
  try {
    await listening;
  } catch (error) {
    throw listenFailed('TCP', address, port, error);
  }
  return server;
}

async function bind(host: string, port: number): Promise<Server> {
  const server = makeServer();
  const listening = once(server, 'listening');
  server.listen({ host, port, backlog: BACKLOG });
  await listening;
  return server;
}

function makeServer(): Server {
  return createServer({ allowHalfOpen: true, highWaterMark: 1, noDelay: true });
}
