/** Whose clock a message carries: the sender's for traps, the receiver's for informs (RFC 3414 section 1.5.1). */
export interface AuthoritativeEngine {
  readonly id: Buffer;
  /** snmpEngineBoots and snmpEngineTime, at this moment. */
  boots(nowMs: number): number;
  /** Seconds. */
  time(nowMs: number): number;
}

/** 48 days. Boots and time then always have the same number of octets. */
const BOOT_EVERY_SECONDS = 1 << 22;

/**
 * The engine of a simulated device. It looks as if it were started anew every 48 days, for ever: so its clock never goes back from
 * one run to the next, which receivers would refuse, and nothing has to be remembered.
 */
export class SimulatedEngine implements AuthoritativeEngine {
  readonly id: Buffer;

  constructor(id: Buffer) {
    this.id = id;
  }

  boots(nowMs: number): number {
    return Math.floor(nowMs / 1000 / BOOT_EVERY_SECONDS);
  }

  time(nowMs: number): number {
    return BOOT_EVERY_SECONDS + (Math.floor(nowMs / 1000) % BOOT_EVERY_SECONDS);
  }
}

/** The receiver's engine as it was learnt from its reports (RFC 3414 section 4). */
export class LearntEngine implements AuthoritativeEngine {
  id: Buffer = Buffer.alloc(0);
  #boots = 0;
  #time = 0;
  #learntAtMs = 0;

  get isKnown(): boolean {
    return this.id.length > 0;
  }

  learn(id: Buffer, boots: number, time: number, nowMs: number): void {
    this.id = Buffer.from(id);
    this.#boots = boots;
    this.#time = time;
    this.#learntAtMs = nowMs;
  }

  boots(): number {
    return this.#boots;
  }

  time(nowMs: number): number {
    return this.#time + Math.max(0, Math.floor((nowMs - this.#learntAtMs) / 1000));
  }
}

/** RFC 5612's enterprise number for examples, and 5: the rest is made as the maker likes (RFC 3411 section 5). */
const EXAMPLE_ENGINE = Buffer.from('80007ed905646f677761746368', 'hex'); // …dogwatch

/** The engine id of a simulated device; with `first` given, that and the ones counted up from it. */
export function engineIdOf(index: number, first: Buffer = Buffer.concat([EXAMPLE_ENGINE, Buffer.from([0, 0, 0, 1])])) {
  const id = Buffer.from(first);
  let carry = index;
  for (let at = id.length - 1; at >= 0 && carry > 0; at -= 1) {
    carry += id[at] ?? 0;
    id[at] = carry & 0xff;
    carry >>>= 8;
  }
  return id;
}
