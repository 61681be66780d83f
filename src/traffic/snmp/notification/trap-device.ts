import type { SeededRandom } from '../../random.ts';

/** 1.3.6.1.4.1.32473: the enterprise number for examples (RFC 5612). */
export const EXAMPLE_ENTERPRISE = '1.3.6.1.4.1.32473';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** A simulated device: what its notifications say of it. */
export class TrapDevice {
  readonly name: string;
  /** 198.18.0.0/15 is set apart for benchmarks (RFC 2544). */
  readonly address: Buffer = Buffer.alloc(4);
  readonly bootedAtMs: number;
  readonly random: SeededRandom;

  constructor(index: number, startMs: number, random: SeededRandom) {
    this.name = `device-${String(index + 1).padStart(3, '0')}`;
    this.address.writeUInt32BE(0xc6_12_00_00 + index + 1);
    this.bootedAtMs = startMs - HOUR_MS - index * MINUTE_MS;
    this.random = random;
  }

  /** An address of documentation, as a neighbour or a host may have it (RFC 5737). */
  peer(): Buffer {
    return Buffer.from([192, 0, 2, 1 + this.random.below(254)]);
  }

  /** sysUpTime: hundredths of a second, modulo 2^32. */
  uptime(nowMs: number): number {
    return Math.floor((nowMs - this.bootedAtMs) / 10) % 2 ** 32;
  }
}
