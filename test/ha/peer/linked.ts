import { once } from 'node:events';
import { createSocket } from 'node:dgram';

import { PeerLink, type PeerLinkOptions } from '../../../ha/peer/peer-link.ts';
import type { Beat } from '../../../ha/role/ports.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';

export const SECRET = Buffer.alloc(32, 7);

export function beat(node: string, number: number, more: Partial<Beat> = {}): Beat {
  const rest = { role: 'standby', epoch: 0, wantsGrant: false, grants: 0, seesDatabase: true, isReady: true } as const;
  return { node, number, ...rest, ...more };
}

/** A port that was free a moment ago. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

export function linkOf(
  node: string,
  port: number,
  peer: string,
  peerPort: number,
  more: Partial<PeerLinkOptions> = {},
) {
  const options = {
    node,
    address: '127.0.0.1',
    port,
    peer: { name: peer, address: '127.0.0.1', port: peerPort },
    secret: SECRET,
    version: `1.0.0-${node}`,
    ...more,
  };
  return new PeerLink(options, systemClock, silentLog);
}

/** Sends beats all 20 ms, with numbers from 1, until it is stopped. */
export class Beating {
  readonly heard: Beat[] = [];
  readonly #timer: NodeJS.Timeout;
  #waiting: (() => void)[] = [];

  constructor(link: PeerLink, node: string) {
    let number = 0;
    link.onBeat = (each) => {
      this.heard.push(each);
      for (const wake of this.#waiting.splice(0)) wake();
    };
    this.#timer = setInterval(() => link.send(beat(node, (number += 1))), 20);
  }

  /** Resolves when `count` more beats have come. */
  async more(count: number): Promise<void> {
    const until = this.heard.length + count;
    while (this.heard.length < until) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
