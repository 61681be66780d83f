import { mayBindPrivilegedPorts } from '../../config/privileged-ports.ts';
import type { SyslogTransportName } from './send-syslog.ts';

/** UDP ports of syslog: RFC 5426's, and the one that a collector of an ordinary user has. */
export const SYSLOG_PORTS: ReadonlySet<number> = new Set([514, 5514]);

/** Where a collector of this user's listens unless it was told otherwise. */
export function defaultSyslogPort(
  transport: SyslogTransportName,
  privilegedPorts: boolean = mayBindPrivilegedPorts(),
): number {
  if (transport === 'tls') return 6514; // RFC 5425 section 4.1
  if (transport === 'relp') return 2514;
  return privilegedPorts ? 514 : 5514;
}
