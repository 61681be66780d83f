import { isIPv4 } from 'node:net';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';

export interface OwnInterface {
  readonly name: string;
  readonly prefixLength: number;
}

/** The interface of this machine that has `address`, and the prefix length there; undefined: none has it. */
export function interfaceOf(
  address: string,
  interfaces: Readonly<Record<string, NetworkInterfaceInfo[] | undefined>> = networkInterfaces(),
): OwnInterface | undefined {
  // All of 127.0.0.0/8 is here, whatever is listed (RFC 1122, 3.2.1.3).
  if (isIPv4(address) && address.startsWith('127.')) return { name: 'lo', prefixLength: 8 };
  for (const [name, addresses = []] of Object.entries(interfaces)) {
    const own = addresses.find((each) => each.address === address);
    if (typeof own?.cidr === 'string') return { name, prefixLength: Number(own.cidr.split('/')[1]) };
  }
  return undefined;
}

/** The address that this machine most likely has for good: the first one that others reach; undefined: it has none. */
export function likelyOwnAddress(
  interfaces: Readonly<Record<string, NetworkInterfaceInfo[] | undefined>> = networkInterfaces(),
): string | undefined {
  const all = Object.values(interfaces).flatMap((addresses = []) => addresses.filter(({ internal }) => !internal));
  const [first] = all.filter(({ family }) => family === 'IPv4');
  return (first ?? all.find(({ address }) => !address.startsWith('fe80')))?.address;
}
