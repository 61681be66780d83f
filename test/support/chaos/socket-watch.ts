import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 10;
/** A queue that was never seen empty for so long is worth remembering. */
const WAIT_MS = 50;
/** How soon a socket is closed by a worker that only reads what it holds. */
const READ_AND_END_MS = 1000;

/** From the last look that found a socket to the first that found one again, milliseconds since 1970. */
export interface Absence {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * What the kernel itself did not deliver, and when it was sent at the earliest and at the latest (over loopback, what is sent has
 * arrived):
 * `dropped`: it found no room in a receive buffer; `held`: it was in the buffer of a socket that its last owner took along;
 * `nobody`: there was no socket.
 */
export interface KernelLoss extends Absence {
  readonly how: 'dropped' | 'held' | 'nobody';
  /** Datagrams. */
  readonly atMost: number;
}

/** One socket between two looks. */
interface Seen {
  /** Of a keeper that has been killed. */
  isLeft: boolean;
  drops: number;
  /** Everything in it has come since. */
  emptyAtMs: number;
  /** The last time that it was not read for a while. */
  wait: Absence | undefined;
}

/** What the kernel itself says of a UDP port, independent of the collector. proc(5), /proc/net/udp. */
export class SocketWatch {
  /** When nobody had the port. */
  readonly absences: Absence[] = [];
  /** While a socket had something that was not read, for more than a moment. */
  readonly waits: Absence[] = [];
  readonly losses: KernelLoss[] = [];
  /** Looks that found sockets of a killed keeper, and of the next one: they would share its senders. */
  overlaps = 0;
  readonly #port: number;
  /** By inode. */
  readonly #sockets = new Map<string, Seen>();
  /** When the last look began, and the last that found a socket. */
  #lookedAtMs = Date.now();
  #foundAtMs: number | undefined;
  #isOver = false;
  #watching: Promise<void> | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  start(): void {
    this.#watching = this.#watch();
  }

  /** Those that are there belong to a keeper that is dead. */
  leave(): void {
    for (const seen of this.#sockets.values()) seen.isLeft = true;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#watching;
    await this.#look();
  }

  /** Datagrams that found no room in a receive buffer. */
  get drops(): number {
    return this.losses.reduce((sum, { how, atMost }) => sum + (how === 'dropped' ? atMost : 0), 0);
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      await this.#look();
      await pause(LOOK_EVERY_MS);
    }
  }

  async #look(): Promise<void> {
    const beganAtMs = Date.now();
    const table = await readFile('/proc/net/udp', 'latin1');
    const untilMs = Date.now();
    const wasThere = this.#sockets.size > 0;
    const gone = new Set(this.#sockets.keys());
    for (const line of table.split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (Number.parseInt(fields[1]?.split(':')[1] ?? '', 16) !== this.#port) continue;
      const inode = fields[9] ?? '';
      gone.delete(inode);
      const isEmpty = Number.parseInt(fields[4]?.split(':')[1] ?? '', 16) === 0;
      this.#see(inode, Number(fields[12]), isEmpty, beganAtMs, untilMs);
    }
    for (const inode of gone) this.#bury(inode, untilMs);
    const isThere = this.#sockets.size > 0;
    if (isThere && !wasThere) this.#endAbsence(untilMs);
    if (new Set([...this.#sockets.values()].map(({ isLeft }) => isLeft)).size > 1) this.overlaps += 1;
    if (isThere) this.#foundAtMs = beganAtMs;
    this.#lookedAtMs = beganAtMs;
  }

  #see(inode: string, drops: number, isEmpty: boolean, beganAtMs: number, untilMs: number): void {
    const seen = this.#sockets.get(inode) ?? { isLeft: false, drops: 0, emptyAtMs: this.#lookedAtMs, wait: undefined };
    this.#sockets.set(inode, seen);
    if (drops > seen.drops) {
      this.losses.push({ how: 'dropped', fromMs: this.#lookedAtMs, untilMs, atMost: drops - seen.drops });
    }
    seen.drops = drops;
    if (!isEmpty) return;
    this.#noteWait(seen, untilMs);
    seen.emptyAtMs = beganAtMs;
  }

  #bury(inode: string, untilMs: number): void {
    const seen = this.#sockets.get(inode);
    this.#sockets.delete(inode);
    if (seen === undefined) return;
    this.#noteWait(seen, untilMs);
    const { wait, emptyAtMs } = seen;
    // A worker that starts without its keeper reads, and ends; nobody has told it the templates.
    const isJustRead = wait !== undefined && untilMs - wait.untilMs < READ_AND_END_MS;
    this.losses.push({ how: 'held', fromMs: isJustRead ? wait.fromMs : emptyAtMs, untilMs, atMost: Infinity });
  }

  #noteWait(seen: Seen, untilMs: number): void {
    const { emptyAtMs: fromMs } = seen;
    if (untilMs - fromMs <= WAIT_MS) return;
    seen.wait = { fromMs, untilMs };
    this.waits.push(seen.wait);
  }

  #endAbsence(untilMs: number): void {
    // Before the first socket nothing was sent.
    if (this.#foundAtMs === undefined) return;
    const absence = { fromMs: this.#foundAtMs, untilMs };
    this.absences.push(absence);
    this.losses.push({ how: 'nobody', ...absence, atMost: Infinity });
  }
}
