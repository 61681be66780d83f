import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** One way of the network between two links: a port that passes on what it gets, as the test wants. */
export class UdpPath {
  /** What came by, in order. */
  readonly seen: Buffer[] = [];
  /** Whether a datagram is passed on. */
  passes: (bytes: Buffer) => boolean = () => true;
  readonly #socket: Socket;
  readonly #toPort: number;

  private constructor(socket: Socket, toPort: number) {
    this.#socket = socket;
    this.#toPort = toPort;
    socket.on('message', (bytes: Buffer, _from: RemoteInfo) => {
      this.seen.push(bytes);
      if (this.passes(bytes)) this.inject(bytes);
    });
  }

  static async open(toPort: number): Promise<UdpPath> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new UdpPath(socket, toPort);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  inject(bytes: Buffer): void {
    this.#socket.send(bytes, this.#toPort, '127.0.0.1');
  }

  close(): void {
    this.#socket.close();
  }
}
