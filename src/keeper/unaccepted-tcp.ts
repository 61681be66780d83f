import net, { isIP } from 'node:net';
import { getSystemErrorName } from 'node:util';

import type { SocketHandle } from '../processes/channel.ts';

interface TcpHandle {
  readonly fd: number;
  getsockname(place: { address?: string; port?: number }): number;
  close(): void;
}

type CreateServerHandle = (address: string, port: number, addressType: 4 | 6) => TcpHandle | number;

export interface UnacceptedTcp {
  readonly handle: SocketHandle;
  readonly address: string;
  readonly port: number;
  /** Closes this process's copy. */
  close(): void;
}

/**
 * A bound TCP socket on which this process never listens nor accepts. A worker that gets it listens, and the socket goes on listening when
 * that worker is gone: the kernel's backlog keeps who connects until the next one accepts.
 *
 * `net._createServerHandle` is what `node:cluster` makes its shared sockets with; it has no public name. A server that listens would
 * accept. Seen to work on Node 24.21.
 * @throws Error with the code of the system call, or where Node has changed
 */
export function bindUnaccepted(address: string, port: number): UnacceptedTcp {
  const create: unknown = Reflect.get(net, '_createServerHandle');
  if (!isCreate(create)) throw new Error(`Node ${process.version} has no net._createServerHandle`);
  const handle = create(address, port, isIP(address) === 6 ? 6 : 4);
  if (typeof handle === 'number') throw systemError(handle, address, port);
  const bound: { address?: string; port?: number } = {};
  // libuv keeps the trouble of a bind for the next call.
  const code = handle.getsockname(bound);
  if (code !== 0) {
    handle.close();
    throw systemError(code, address, port);
  }
  return { handle, address: bound.address ?? address, port: bound.port ?? port, close: () => handle.close() };
}

function isCreate(create: unknown): create is CreateServerHandle {
  return typeof create === 'function';
}

function systemError(number: number, address: string, port: number): Error {
  const code = getSystemErrorName(number);
  return Object.assign(new Error(`bind ${code} ${address}:${port}`), { code });
}
