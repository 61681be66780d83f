import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Host } from './host.ts';

/** What happens to datagrams on their way; TCP is passed on as it is, unless the link is silent. */
export interface LinkQuality {
  /** Of datagrams, 0 to 1. */
  readonly loss: number;
  /** Twice, 0 to 1. */
  readonly duplication: number;
  readonly delayMs: number;
  /** Added to the delay, at most, so that datagrams overtake each other. */
  readonly jitterMs: number;
  /** Nothing passes, in either direction, and nobody is told. */
  readonly isSilent: boolean;
}

export interface LinkSettings {
  readonly ends: readonly [string, string];
  readonly port: number;
}

const PERFECT: LinkQuality = { loss: 0, duplication: 0, delayMs: 0, jitterMs: 0, isSilent: false };
const PROGRAM = fileURLToPath(new URL('lossy-link-program.ts', import.meta.url));

/**
 * A bad line between two nodes, for kernels without `netem`: a relay on a machine of its own. Each node is told that the peer is at the relay's
 * address; what one sends there goes to the other, UDP and TCP, port `port` everywhere.
 */
export class LossyLink {
  readonly address: string;
  readonly #child: ChildProcess;

  private constructor(address: string, child: ChildProcess) {
    this.address = address;
    this.#child = child;
  }

  static async start(host: Host, settings: LinkSettings): Promise<LossyLink> {
    const child = host.start(process.execPath, [PROGRAM, JSON.stringify(settings)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await once(child, 'message');
    return new LossyLink(host.address, child);
  }

  /** Resolves when it is so; what is not named is perfect. */
  async become(quality: Partial<LinkQuality>): Promise<void> {
    this.#child.send({ ...PERFECT, ...quality });
    await once(this.#child, 'message');
  }
}
