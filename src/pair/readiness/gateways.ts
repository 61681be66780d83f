import { readFileSync } from 'node:fs';

/** The routers of this machine's default routes (IPv4; proc_net(5), /proc/net/route): addresses as hexadecimal in host order. */
export function defaultGateways(): string[] {
  let table: string;
  try {
    table = readFileSync('/proc/net/route', 'latin1');
  } catch {
    return [];
  }
  return gatewaysIn(table);
}

/** Those of a table in the form of /proc/net/route of a little-endian machine. */
function gatewaysIn(table: string): string[] {
  const rows = table
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
  return rows
    .filter(([, destination, gateway]) => destination === '00000000' && gateway !== undefined && gateway !== '00000000')
    .map(([, , gateway = '']) => [...Buffer.from(gateway, 'hex')].toReversed().join('.'));
}
