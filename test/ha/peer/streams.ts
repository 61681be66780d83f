import { once } from 'node:events';
import { createServer, connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

import { PeerStream, type PeerStreamOptions } from '../../../ha/peer/peer-stream.ts';
import type { PeerConnection } from '../../../ha/peer/stream/peer-connection.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { SECRET } from './linked.ts';

/** A port that was free a moment ago. */
export async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

export function streamOf(
  t: TestContext,
  node: string,
  port: number,
  peer: string,
  peerPort: number,
  more: Partial<PeerStreamOptions> = {},
): PeerStream {
  const at = '127.0.0.1';
  const version = `1.0.0-${node}`;
  const basics = {
    node,
    address: at,
    port,
    peer: { name: peer, address: at, port: peerPort },
    secret: SECRET,
    version,
  };
  const stream = new PeerStream({ ...basics, ...more }, systemClock, silentLog);
  t.after(() => stream.stop());
  return stream;
}

/** The next connection that opens. */
export function nextOpen(stream: PeerStream): Promise<PeerConnection> {
  return new Promise((resolve) => (stream.onOpen = resolve));
}

export function nextMessage(connection: PeerConnection): Promise<Buffer> {
  return new Promise((resolve) => (connection.onMessage = resolve));
}

export function whenClosed(connection: PeerConnection): Promise<string> {
  return new Promise((resolve) => connection.whenClosed(resolve));
}

/** Passes TCP on, until it falls silent: connections stay, and nothing comes through. */
export class TcpRelay {
  readonly #sockets: Socket[] = [];
  readonly #server = createServer((from) => this.#join(from));
  #toPort = 0;
  #isSilent = false;

  static async open(t: TestContext, toPort: number): Promise<TcpRelay> {
    const relay = new TcpRelay();
    relay.#toPort = toPort;
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    t.after(() => relay.#close());
    return relay;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' ? (address?.port ?? 0) : 0;
  }

  fallSilent(): void {
    this.#isSilent = true;
  }

  #join(from: Socket): void {
    const to = connect(this.#toPort, '127.0.0.1');
    this.#pass(from, to);
    this.#pass(to, from);
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.push(from);
    from.on('error', () => {});
    from.on('data', (bytes) => this.#isSilent || to.write(bytes));
    from.on('close', () => this.#isSilent || to.destroy());
  }

  #close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
