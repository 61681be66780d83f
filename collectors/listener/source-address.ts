import { BlockList, isIP } from 'node:net';

/**
 * The address of a sender as the rest of the program writes it: IPv4-mapped IPv6 addresses (what a dual-stack socket
 * reports) as IPv4, link-local ones without their zone, which `inet` cannot hold.
 */
export function normaliseSourceAddress(address: string): string {
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice(7);
  const zone = address.indexOf('%');
  return zone === -1 ? address : address.slice(0, zone);
}

/** How many senders' verdicts are remembered; a flood of spoofed sources must not grow it. */
const REMEMBERED_SENDERS = 10_000;

/** Which senders are heard. An empty list hears everyone. */
export class AllowList {
  readonly #prefixes = new BlockList();
  readonly #everyone: boolean;
  readonly #verdicts = new Map<string, boolean>();

  /** `prefixes`: addresses or CIDR prefixes, IPv4 or IPv6, validated by the configuration. */
  constructor(prefixes: readonly string[]) {
    this.#everyone = prefixes.length === 0;
    for (const prefix of prefixes) {
      const [address = '', bits] = prefix.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      this.#prefixes.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
    }
  }

  /** `address`: normalised. */
  allows(address: string): boolean {
    if (this.#everyone) return true;
    const known = this.#verdicts.get(address);
    if (known !== undefined) return known;
    const verdict = this.#prefixes.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
    if (this.#verdicts.size >= REMEMBERED_SENDERS) this.#verdicts.clear();
    this.#verdicts.set(address, verdict);
    return verdict;
  }
}
