import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

/** A port of 127.0.0.1 that nobody has at the moment. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

/** What the kernel says of a socket: proc(5), /proc/net/udp. */
export interface UdpSocketState {
  /** Waiting to be read, with the kernel's own overhead. */
  readonly queuedBytes: number;
  readonly drops: number;
}

/** Of the socket on this port, of whatever process; undefined where there is none. */
export async function udpSocketState(port: number): Promise<UdpSocketState | undefined> {
  const sockets = (await readFile('/proc/net/udp', 'utf8')).split('\n').slice(1);
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const fields = sockets.map((line) => line.trim().split(/\s+/)).find(([, address = '']) => address.endsWith(local));
  if (fields === undefined) return undefined;
  const [, queued = '0'] = fields[4]?.split(':') ?? [];
  return { queuedBytes: Number.parseInt(queued, 16), drops: Number(fields.at(-1)) };
}
