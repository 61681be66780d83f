import { DogwatchError } from '../../src/runtime/errors.ts';

/** Who usually has the well-known ports. */
const USUAL_OWNERS: Readonly<Record<number, string>> = {
  514: 'Often that is the syslog daemon of this host: take imudp and imtcp out of rsyslog, or the network sources out of syslog-ng, or choose another port in `listeners`.',
  162: 'Often that is snmptrapd (`systemctl disable --now snmptrapd.socket snmptrapd`); or choose another port in `listeners`.',
};

/** The trouble with a port that cannot be bound, and what to do about it. */
export function listenFailed(protocol: 'UDP' | 'TCP', address: string, port: number, cause: unknown): DogwatchError {
  const remedy = remedyOf(codeOf(cause), protocol, port);
  return new DogwatchError('LISTEN_FAILED', `cannot listen on ${address} ${protocol} port ${port}`, {
    cause,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/** Whether `error`, from binding `::`, says that this host has no IPv6. */
export function isMissingIpv6(error: unknown): boolean {
  return codeOf(error) === 'EAFNOSUPPORT' || codeOf(error) === 'EADDRNOTAVAIL';
}

function remedyOf(code: string, protocol: 'UDP' | 'TCP', port: number): string | undefined {
  switch (code) {
    case 'EADDRINUSE': {
      const taken = `Another program listens on this port: \`ss -l${protocol === 'UDP' ? 'u' : 't'}pn\` names it.`;
      return `${taken} ${USUAL_OWNERS[port] ?? 'Choose another port in `listeners`.'}`;
    }
    case 'EACCES':
      return 'Ports below 1024 need a privilege: choose a higher port, or grant CAP_NET_BIND_SERVICE.';
    case 'EADDRNOTAVAIL':
      return 'The address is not configured on this host: `ip address` lists those that are.';
    default:
      return undefined;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
