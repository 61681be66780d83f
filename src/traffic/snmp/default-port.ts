import { mayBindPrivilegedPorts } from '../../config/privileged-ports.ts';

/** UDP ports of SNMP notifications: IANA's snmptrap, and the one that a collector of an ordinary user has. */
export const TRAP_PORTS: ReadonlySet<number> = new Set([162, 1162]);

/** Where a collector of this user's listens unless it was told otherwise. */
export function defaultTrapPort(privilegedPorts: boolean = mayBindPrivilegedPorts()): number {
  return privilegedPorts ? 162 : 1162;
}
