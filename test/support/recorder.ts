import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** A datagram that an exporter sent to a recorder. */
export interface Recorded {
  readonly sourcePort: number;
  readonly payload: Buffer;
}

/** Runs `send` with a port on loopback that is listened to. @returns what came there, in order */
export async function recordDatagrams(send: (port: number) => Promise<void>): Promise<Recorded[]> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  const recorded: Recorded[] = [];
  socket.on('message', (payload, { port }) => recorded.push({ sourcePort: port, payload }));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  await send(socket.address().port);
  await readToHere(socket.address().port, recorded);
  socket.close();
  return recorded;
}

/** Loopback keeps the order: when our own mark has been read, all that was sent before it has been as well. */
async function readToHere(port: number, recorded: Recorded[]): Promise<void> {
  const mark = Buffer.from(`mark ${process.pid}`);
  const sender = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    sender.send(mark, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)));
  });
  while (recorded.at(-1)?.payload.equals(mark) !== true) await new Promise((resolve) => setImmediate(resolve));
  recorded.pop();
  sender.close();
}
