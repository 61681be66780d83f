import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The lower of the two ports that matter: SNMP traps; syslog has 514. */
const LOWEST_PORT = 162;
/** capabilities(7). */
const CAP_NET_BIND_SERVICE = 10n;

/**
 * Whether this process may bind the ports of syslog and SNMP traps: by the capability, by the kernel's setting, or, where
 * there is no such thing, as root.
 */
export function mayBindPrivilegedPorts(procDirectory = '/proc', user = process.getuid?.()): boolean {
  const start = read(join(procDirectory, 'sys/net/ipv4/ip_unprivileged_port_start'));
  if (start !== undefined && /^\d+$/.test(start.trim()) && Number(start) <= LOWEST_PORT) return true;
  const [, effective] = /^CapEff:\s*([0-9a-f]+)$/m.exec(read(join(procDirectory, 'self/status')) ?? '') ?? [];
  if (effective === undefined) return user === 0;
  return ((BigInt(`0x${effective}`) >> CAP_NET_BIND_SERVICE) & 1n) === 1n;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
