import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

/** The wire between the collector and its database, on which the test has its hand: slow, silent, or cut. */
export class DatabaseWire {
  readonly port: number;
  /** How long what the client says is on its way, milliseconds: each statement takes so much longer. */
  delayMs = 0;
  #isSilent = false;
  readonly #lost: Socket[] = [];
  readonly #pairs = new Set<readonly [client: Socket, server: Socket]>();

  private constructor(port: number) {
    this.port = port;
  }

  /** @param socketPath the server's Unix socket */
  static async open(t: TestContext, socketPath: string): Promise<DatabaseWire> {
    const server: Server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const wire = new DatabaseWire(address.port);
    server.on('connection', (client) => wire.#join(client, connect(socketPath)));
    t.after(() => {
      server.close();
      wire.cut();
      for (const client of wire.#lost) client.destroy();
    });
    return wire;
  }

  /** Nothing gets through any more, in either direction, and nobody is told. */
  silence(): void {
    this.#isSilent = true;
    for (const pair of this.#pairs) for (const end of pair) end.pause();
  }

  /** What was on the way arrives. */
  goOn(): void {
    this.#isSilent = false;
    for (const pair of this.#pairs) for (const end of pair) end.resume();
  }

  /** Breaks every connection that there is; new ones get through. */
  cut(): void {
    this.#isSilent = false;
    for (const pair of this.#pairs) for (const end of pair) end.destroy();
  }

  /** The server learns that its clients are gone, and they learn nothing: a firewall forgot them. New ones get through. */
  lose(): void {
    for (const pair of this.#pairs) {
      this.#pairs.delete(pair);
      this.#lost.push(pair[0]);
      pair[1].destroy();
    }
  }

  #join(client: Socket, server: Socket): void {
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    this.#forward(client, server, () => this.delayMs);
    this.#forward(server, client, () => 0);
    const forget = (): void => {
      if (this.#isSilent || !this.#pairs.has(pair)) return; // the other side learns it later, if at all
      client.destroy();
      server.destroy();
      this.#pairs.delete(pair);
    };
    for (const end of pair) end.on('error', () => {}).on('close', forget);
    if (this.#isSilent) for (const end of pair) end.pause();
  }

  /** In order: nothing overtakes what is still on its way. */
  #forward(from: Socket, to: Socket, delayMs: () => number): void {
    let last: Promise<void> = Promise.resolve();
    const pass = (action: () => void): void => {
      last = this.#afterwards(last, delayMs(), () => (to.destroyed ? undefined : action()));
    };
    from.on('data', (bytes) => pass(() => to.write(bytes)));
    from.on('end', () => pass(() => to.end()));
  }

  async #afterwards(earlier: Promise<void>, delayMs: number, action: () => void): Promise<void> {
    const due = performance.now() + delayMs;
    await earlier;
    if (due > performance.now()) await pause(due - performance.now());
    action();
  }
}
