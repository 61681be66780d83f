import { networkInterfaces } from 'node:os';
import { runIp } from '../../../../ha/virtual-ip/linux/ip-command.ts';
import { messageOf } from '../../../runtime/errors.ts';
import { interfaceOf, type OwnInterface } from '../../../setup/pair/own-interface.ts';
import type { CheckResult } from '../check-result.ts';
import { fail, type Ha, ok, type PairCheck, warn } from './pair-check.ts';

const IP_LIMIT_MS = 2000;

/** The own address: here, for good, on the interface that carries the virtual IP, with that one's prefix length. */
export const checkAddresses: PairCheck = async (ha) => {
  const here = interfaceOf(ha.address);
  const name = 'pair, own address';
  if (here === undefined) {
    const own = Object.values(networkInterfaces()).flatMap((each = []) => each.map(({ address }) => address));
    const remedy = `Set ha.address to one of them: ${own.filter((each) => !each.startsWith('fe80')).join(', ')}; or give this machine the address.`;
    return [fail(name, `ha.address (${ha.address}) is not an address of this machine`, remedy)];
  }
  return [
    ok(name, `${ha.address}/${here.prefixLength} on ${here.name}`),
    ...interfaceResults(ha, here),
    await permanence(ha.address, here.name),
  ];
};

function interfaceResults(ha: Ha, here: OwnInterface): CheckResult[] {
  if (ha.driver !== 'linux') return [];
  const name = 'pair, interface';
  const wanted = ha.interface ?? '';
  if (networkInterfaces()[wanted] === undefined && wanted !== here.name) {
    const others = Object.keys(networkInterfaces()).filter((each) => each !== 'lo');
    const remedy = `Set ha.interface to one of: ${others.join(', ')}. An interface without a carrier or an address is not among them.`;
    return [fail(name, `ha.interface (${wanted}) is not there, or has no address`, remedy)];
  }
  if (wanted !== here.name) {
    const remedy = 'The virtual IP has to be on the interface of the own address: set ha.interface, or ha.address.';
    return [fail(name, `ha.interface is ${wanted}, ha.address is on ${here.name}`, remedy)];
  }
  return [ok(name, wanted), ...prefixResults(ha, here)];
}

/** With another length neighbours of the virtual IP and of the own address would not be the same ones. */
function prefixResults({ virtualAddresses, address, peer }: Ha, { prefixLength, name }: OwnInterface): CheckResult[] {
  const isIpv6 = address.includes(':');
  return virtualAddresses
    .filter((written) => written.includes(':') === isIpv6)
    .map((written) => {
      const what = 'pair, subnet';
      if (Number(written.split('/')[1]) === prefixLength)
        return ok(what, `${written}, as that of ${name}; ${peer.name} (${peer.address}) is in it`);
      const found = `ha.virtualAddresses has ${written}, ${name} has ${address}/${prefixLength}`;
      return warn(what, found, `Write the prefix length of the network: ${written.split('/')[0]}/${prefixLength}.`);
    });
}

/** What DHCP has given may be another address after the next start, and the peer would look for the old one. */
async function permanence(address: string, interfaceName: string): Promise<CheckResult> {
  const name = 'pair, static address';
  try {
    const { printed } = await runIp([`address show dev ${interfaceName}`], IP_LIMIT_MS);
    if (!isDynamic(printed, address)) return ok(name, `${address} is not from DHCP or router advertisements`);
    const remedy = 'Give this machine a static address (netplan, NetworkManager, systemd-networkd, ifupdown).';
    return warn(name, `ha.address (${address}) is dynamic: it may be gone when its lease is`, remedy);
  } catch (error) {
    return warn(name, `cannot be told: ${messageOf(error)}`, 'Install iproute2.');
  }
}

/** Of `ip -json address show`. */
export function isDynamic(printed: readonly unknown[][], address: string): boolean {
  const rows = printed.flat().flatMap((link) => (isLink(link) ? link.addr_info : []));
  return rows.some((row: { local?: unknown; dynamic?: unknown }) => row.local === address && row.dynamic === true);
}

function isLink(value: unknown): value is { addr_info: object[] } {
  return typeof value === 'object' && value !== null && 'addr_info' in value && Array.isArray(value.addr_info);
}
