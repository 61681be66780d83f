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
  for (const [name, addresses = []] of Object.entries(interfaces)) {
    const own = addresses.find((each) => each.address === address);
    if (typeof own?.cidr === 'string') return { name, prefixLength: Number(own.cidr.split('/')[1]) };
  }
  return undefined;
}
