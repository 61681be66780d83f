import { readFileSync } from 'node:fs';

/** Descriptors that are left to the rest of the program: database, journal, console, the listeners themselves. */
const RESERVED_DESCRIPTORS = 256;

/** Counts connections, all and by source, against their bounds. */
export class ConnectionSlots {
  readonly #most: number;
  readonly #mostPerSource: number;
  readonly #bySource = new Map<string, number>();
  #taken = 0;

  constructor(most: number, mostPerSource: number) {
    this.#most = most;
    this.#mostPerSource = mostPerSource;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Takes a slot for `source`. @returns what gives it back (once, further calls do nothing), or which bound was reached */
  take(source: string): (() => void) | 'full' | 'full for this source' {
    const ofSource = this.#bySource.get(source) ?? 0;
    if (this.#taken >= this.#most) return 'full';
    if (ofSource >= this.#mostPerSource) return 'full for this source';
    this.#taken += 1;
    this.#bySource.set(source, ofSource + 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.#giveBack(source);
      isTaken = false;
    };
  }

  #giveBack(source: string): void {
    this.#taken -= 1;
    const left = (this.#bySource.get(source) ?? 1) - 1;
    if (left === 0) this.#bySource.delete(source);
    else this.#bySource.set(source, left);
  }
}

/** How many connections the limit on open files allows beside everything else; Infinity where it is not known. */
export function connectionsAllowed(limits: string = readLimits()): number {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? Infinity : Math.max(1, Number(soft) - RESERVED_DESCRIPTORS);
}

/** proc(5); empty where there is no such file. Node raises the soft limit to the hard one by itself. */
function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}
