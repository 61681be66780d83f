import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

import { PeerLink, type PeerLinkOptions } from '../../../ha/peer/peer-link.ts';
import type { Beat } from '../../../ha/role/ports.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { UdpPath } from './udp-path.ts';

export const SECRET = Buffer.alloc(32, 7);

export function beat(node: string, number: number, more: Partial<Beat> = {}): Beat {
  const rest = { role: 'standby', epoch: 0, wantsGrant: false, grants: 0, seesDatabase: true, isReady: true } as const;
  return { node, number, ...rest, ...more };
}

/** A port that was free a moment ago. */
async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** A link that sends beats all 20 ms, with numbers from 1, until it is stopped. */
export class BeatingNode {
  readonly node: string;
  readonly link: PeerLink;
  readonly heard: Beat[] = [];
  #timer: NodeJS.Timeout | undefined;
  #waiting: (() => void)[] = [];

  constructor(options: PeerLinkOptions) {
    this.node = options.node;
    this.link = new PeerLink(options, systemClock, silentLog);
    this.link.onBeat = (each) => {
      this.heard.push(each);
      for (const wake of this.#waiting.splice(0)) wake();
    };
  }

  async start(): Promise<void> {
    await this.link.start();
    let number = 0;
    this.#timer = setInterval(() => this.link.send(beat(this.node, (number += 1))), 20);
  }

  /** Resolves when `count` more beats have come. */
  async more(count: number): Promise<void> {
    const until = this.heard.length + count;
    while (this.heard.length < until) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Sends no more beats by itself. */
  pause(): void {
    clearInterval(this.#timer);
  }

  async stop(): Promise<void> {
    this.pause();
    await this.link.stop();
  }
}

/** Nodes `a` and `b`, each sending by way of a path that the test holds. */
export class Pair {
  readonly toA: UdpPath;
  readonly toB: UdpPath;
  readonly #t: TestContext;
  readonly #portA: number;
  readonly #portB: number;

  private constructor(t: TestContext, portA: number, portB: number, toA: UdpPath, toB: UdpPath) {
    this.#t = t;
    this.#portA = portA;
    this.#portB = portB;
    this.toA = toA;
    this.toB = toB;
  }

  static async open(t: TestContext): Promise<Pair> {
    const [portA, portB] = [await freeUdpPort(), await freeUdpPort()];
    const [toA, toB] = [await UdpPath.open(portA), await UdpPath.open(portB)];
    t.after(() => [toA, toB].forEach((path) => path.close()));
    return new Pair(t, portA, portB, toA, toB);
  }

  async startA(more: Partial<PeerLinkOptions> = {}): Promise<BeatingNode> {
    return await this.#start({ ...this.#optionsOf('a', 'b', this.#portA, this.toB.port), ...more });
  }

  async startB(more: Partial<PeerLinkOptions> = {}): Promise<BeatingNode> {
    return await this.#start({ ...this.#optionsOf('b', 'a', this.#portB, this.toA.port), ...more });
  }

  /** Both, hearing each other. */
  async startBoth(): Promise<[BeatingNode, BeatingNode]> {
    const [a, b] = [await this.startA(), await this.startB()];
    await Promise.all([a.more(3), b.more(3)]);
    return [a, b];
  }

  async #start(options: PeerLinkOptions): Promise<BeatingNode> {
    const node = new BeatingNode(options);
    this.#t.after(() => node.stop());
    await node.start();
    return node;
  }

  #optionsOf(node: string, peer: string, port: number, peerPort: number): PeerLinkOptions {
    const at = '127.0.0.1';
    const version = `1.0.0-${node}`;
    return { node, address: at, port, peer: { name: peer, address: at, port: peerPort }, secret: SECRET, version };
  }
}
