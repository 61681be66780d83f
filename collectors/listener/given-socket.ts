import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';

/**
 * An open socket that another process holds as well, as it comes over `fork`'s channel: a bare handle of libuv, bound, that nobody
 * reads in this process yet. Closing it closes this process's copy alone.
 */
export type GivenSocket = object;

/** What we use of a handle for UDP. Node has no public name for it; `node:cluster` hands them over in the same way (Node 24.21). */
interface UdpHandle {
  readonly fd: number;
  getsockname(place: { address?: string }): number;
  recvStop(): number;
}

/**
 * A socket around a given handle. It is read from the next turn of the event loop on: listen to it before.
 * @throws TypeError where `given` is no handle of a UDP socket
 */
export function adoptUdp(given: GivenSocket): Socket {
  const handle = udpHandle(given);
  const place: { address?: string } = {};
  handle.getsockname(place);
  const socket = createSocket(isIP(place.address ?? '') === 6 ? 'udp6' : 'udp4');
  // `bind` takes a handle where its options would be; their declared type has a descriptor, as a handle does.
  socket.bind(handle);
  return socket;
}

/** What arrives from now on stays in the kernel. Sending goes on. */
export function stopReading(given: GivenSocket): void {
  udpHandle(given).recvStop();
}

/** The number of its descriptor in this process. */
export function descriptorOf(given: GivenSocket): number {
  return udpHandle(given).fd;
}

function udpHandle(given: GivenSocket): UdpHandle {
  if (!isUdpHandle(given)) throw new TypeError('a given socket is not one for UDP');
  return given;
}

function isUdpHandle(given: GivenSocket): given is UdpHandle {
  return 'fd' in given && 'getsockname' in given && 'recvStop' in given && typeof given.recvStop === 'function';
}
