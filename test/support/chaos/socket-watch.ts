import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 10;

/** From the last look that found a socket to the first that found one again, milliseconds since 1970. */
export interface Absence {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What the kernel itself says of a UDP port, independent of the collector. proc(5), /proc/net/udp. */
export class SocketWatch {
  /** When nobody had the port. */
  readonly absences: Absence[] = [];
  readonly #port: number;
  /** By inode: a socket's count only grows. */
  readonly #drops = new Map<string, number>();
  #seenAtMs = Date.now();
  #isOver = false;
  #watching: Promise<void> | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  start(): void {
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#watching;
    await this.#look();
  }

  /** Datagrams that found no room in a receive buffer; what a socket dropped in its last moments is not seen. */
  get drops(): number {
    return [...this.#drops.values()].reduce((sum, drops) => sum + drops, 0);
  }

  async #watch(): Promise<void> {
    let wasThere = true;
    while (!this.#isOver) {
      const isThere = await this.#look();
      const now = Date.now();
      if (isThere && !wasThere) this.absences.push({ fromMs: this.#seenAtMs, untilMs: now });
      if (isThere) this.#seenAtMs = now;
      wasThere = isThere;
      await pause(LOOK_EVERY_MS);
    }
  }

  async #look(): Promise<boolean> {
    let isThere = false;
    for (const line of (await readFile('/proc/net/udp', 'latin1')).split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (Number.parseInt(fields[1]?.split(':')[1] ?? '', 16) !== this.#port) continue;
      isThere = true;
      this.#drops.set(fields[9] ?? '', Number(fields[12]));
    }
    return isThere;
  }
}
