import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** A stream collector's place: keeps all octets of each connection, in the order in which they were made. */
export class CollectingServer {
  readonly streams: Buffer[] = [];
  readonly sockets: Socket[] = [];
  readonly #server: Server;
  #open = 0;
  #watchers: (() => void)[] = [];

  private constructor(server: Server, event: string) {
    this.#server = server;
    server.on(event, (socket: Socket) => {
      const index = this.sockets.push(socket) - 1;
      this.streams.push(Buffer.alloc(0));
      this.#open += 1;
      socket.on('data', (chunk: Buffer) => {
        this.streams[index] = Buffer.concat([this.streams[index] ?? Buffer.alloc(0), chunk]);
        this.#changed();
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#open -= 1;
        this.#changed();
      });
      this.#changed();
    });
  }

  static async open(tls?: TlsOptions): Promise<CollectingServer> {
    const collecting =
      tls === undefined
        ? new CollectingServer(createServer(), 'connection')
        : new CollectingServer(createTlsServer(tls), 'secureConnection');
    collecting.#server.listen(0, '127.0.0.1');
    await once(collecting.#server, 'listening');
    return collecting;
  }

  get target() {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return { address: '127.0.0.1', port: address.port, family: 4 } as const;
  }

  /** Resolves when `condition` holds, which is asked whenever something happens. */
  async until(condition: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = () => {
        if (condition()) resolve();
      };
      this.#watchers.push(look);
      look();
    });
  }

  /** Resolves when every connection so far has ended, and gives what each brought. */
  async ended(): Promise<readonly string[]> {
    await this.until(() => this.#open === 0);
    return this.streams.map((bytes) => bytes.toString());
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
