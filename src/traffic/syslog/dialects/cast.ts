import { type SeededRandom } from '../../random.ts';

/** Who and what made-up messages speak of: addresses, names and interfaces, always out of documentation ranges. */
export class Cast {
  readonly random: SeededRandom;
  /** Number of the device that speaks, from 1. */
  readonly device: number;

  constructor(random: SeededRandom, device: number) {
    this.random = random;
    this.device = device;
  }

  /** One of the given. */
  one<T>(...choices: readonly [T, ...T[]]): T {
    return choices[this.random.below(choices.length)] ?? choices[0];
  }

  /** From `smallest` to `largest`. */
  number(smallest: number, largest: number): number {
    return smallest + this.random.below(largest - smallest + 1);
  }

  /** Zero-padded decimal digits. */
  digits(count: number): string {
    return Array.from({ length: count }, () => this.random.below(10)).join('');
  }

  /** Of the device itself. */
  host(prefix: string): string {
    return `${prefix}-${String(this.device).padStart(3, '0')}`;
  }

  /** Inside, outside and anywhere: the three networks of RFC 5737. */
  inside(): string {
    return `192.0.2.${this.number(1, 254)}`;
  }

  outside(): string {
    return `${this.one('198.51.100', '203.0.113')}.${this.number(1, 254)}`;
  }

  /** RFC 3849. */
  ipv6(): string {
    return `2001:db8::${this.number(1, 0xff_ff).toString(16)}`;
  }

  /** RFC 7042 section 2.1.2. */
  mac(): string {
    return `00:00:5e:00:53:${this.random.below(256).toString(16).padStart(2, '0')}`;
  }

  /** RFC 5398. */
  autonomousSystem(): number {
    return this.number(64_496, 64_511);
  }

  port(): number {
    return this.number(1024, 65_535);
  }

  service(): number {
    return this.one(443, 443, 80, 53, 22, 25, 3389, 8443);
  }

  user(): string {
    return this.one('alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi');
  }

  pid(): number {
    return this.number(300, 32_000);
  }
}
