import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface Received {
  readonly bytes: Buffer;
  readonly address: string;
  readonly port: number;
  readonly atMs: number;
}

/** A collector's place: a bound socket that keeps what arrives. */
export class CollectingSocket {
  readonly received: Received[] = [];
  readonly #socket: Socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 22 });
  #watchers: (() => void)[] = [];

  static async open(): Promise<CollectingSocket> {
    const collecting = new CollectingSocket();
    collecting.#socket.on('message', (bytes, { address, port }) => {
      collecting.received.push({ bytes, address, port, atMs: performance.now() });
      for (const watcher of collecting.#watchers) watcher();
    });
    collecting.#socket.bind(0, '127.0.0.1');
    await once(collecting.#socket, 'listening');
    return collecting;
  }

  get target() {
    return { address: '127.0.0.1', port: this.#socket.address().port, family: 4 } as const;
  }

  /** Resolves when `count` datagrams have arrived. */
  async arrived(count: number): Promise<readonly Received[]> {
    await new Promise<void>((resolve) => {
      const look = () => {
        if (this.received.length >= count) resolve();
      };
      this.#watchers.push(look);
      look();
    });
    this.#watchers = [];
    return this.received;
  }

  close(): void {
    this.#socket.close();
  }
}
