import { isIP } from 'node:net';
import { DogwatchError } from '../../src/runtime/errors.ts';

/** An address with the length of its network's prefix, as an interface carries it. */
export interface InterfaceAddress {
  /** As `ip` prints it: IPv6 in its shortest form (RFC 5952). */
  readonly address: string;
  readonly prefixLength: number;
}

/**
 * Reads `10.0.0.50/24` or `2001:db8::50/64`.
 * @throws DogwatchError `ADDRESS_MALFORMED`
 */
export function parseInterfaceAddress(text: string): InterfaceAddress {
  const [address = '', length = '', ...rest] = text.trim().split('/');
  const family = isIP(address);
  const prefixLength = /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (family === 0 || rest.length > 0 || prefixLength < 1 || prefixLength > (family === 6 ? 128 : 32)) {
    throw new DogwatchError('ADDRESS_MALFORMED', `"${text}" is not an address with the length of its prefix`, {
      remedy: 'Write it like 10.0.0.50/24 or 2001:db8::50/64.',
    });
  }
  return { address: canonicalAddress(address), prefixLength };
}

/** One spelling for each address; what is none is given back. */
export function canonicalAddress(address: string): string {
  if (isIP(address) !== 6) return address;
  return new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1);
}

export function isIpv6(address: string): boolean {
  return address.includes(':');
}

export function formatInterfaceAddress({ address, prefixLength }: InterfaceAddress): string {
  return `${address}/${prefixLength}`;
}
