import { z } from 'zod';
import { address, duration, port, prefix, size, whole } from '../values.ts';

const FAMILIES = ['flow', 'syslog', 'snmp'] as const;
export const TRANSPORTS = ['udp', 'tcp', 'tls', 'relp'] as const;

const DEFAULT_RECEIVE_BUFFER = 8 * 1024 * 1024;
const DEFAULT_CONNECTIONS = 2000;
const DEFAULT_CONNECTIONS_PER_SOURCE = 200;
/**
 * Over TCP and TLS a sender loses what it writes into a connection that we closed until it learns of that, so a quiet device
 * is left alone for a day. RELP sends again what was not acknowledged.
 */
const DEFAULT_IDLE_MS = { tcp: 86_400_000, tls: 86_400_000, relp: 600_000 };

const file = z.string().min(1);

const tlsSettings = z.strictObject({
  certificateFile: file
    .optional()
    .describe('Certificate of this server in PEM, its own first, then those between it and the authority.'),
  keyFile: file.optional().describe('Its private key in PEM. Without it the key is looked for in certificateFile.'),
  clientCaFile: file
    .optional()
    .describe('Certificates of authorities in PEM. With it clients must show a certificate that one of them signed.'),
  clientSubjects: z
    .array(z.string().min(1))
    .optional()
    .describe(
      'Clients that are let in, by their certificate: DNS name or CN (router1.example.net, *.example.net), address, whole subject (CN=…,O=…), or fingerprint (sha256:…), which needs no authority. Without it: all that clientCaFile signed.',
    ),
});

/** The certificate of all listeners that have none of their own. */
export const tls = tlsSettings.describe('Certificate for TLS, for listeners without one of their own.');

/** One entry of `listeners` as it is written: which settings belong to which transport, `rules.ts` says. */
const listenerSettings = z.strictObject({
  family: z
    .enum(FAMILIES)
    .default('flow')
    .describe(
      'What is received here. flow: NetFlow v1, v5, v7, v9, IPFIX and sFlow; syslog: messages; snmp: traps and informs.',
    ),
  transport: z
    .enum(TRANSPORTS)
    .default('udp')
    .describe('udp, or for syslog also tcp, tls (RFC 5425) and relp. relp with tls settings is encrypted, too.'),
  address: address.default('::').describe('Local address to bind. "::" takes IPv4 and IPv6, "0.0.0.0" IPv4 alone.'),
  port: port.describe('Port, of UDP or TCP. Any flow protocol is understood on any flow port.'),
  receiveBuffer: size('64KiB', '1GiB')
    .optional()
    .describe('udp: kernel receive buffer of the socket; needs net.core.rmem_max of at least as much.')
    .meta({ absent: '8MiB' }),
  allowFrom: z
    .array(prefix)
    .optional()
    .describe('Senders that may use this listener; in place of the global allowFrom. An empty list means everyone.'),
  tls: tlsSettings
    .optional()
    .describe('tls, relp: certificate of this listener; each setting in place of the one in tls.'),
  maxConnections: whole(1, 100_000)
    .optional()
    .describe('tcp, tls, relp: connections that may be open at the same time.')
    .meta({ absent: DEFAULT_CONNECTIONS }),
  maxConnectionsPerSource: whole(1, 100_000)
    .optional()
    .describe('tcp, tls, relp: the same for one address.')
    .meta({ absent: DEFAULT_CONNECTIONS_PER_SOURCE }),
  idle: duration('1s', '30d')
    .optional()
    .describe('tcp, tls, relp: a connection that says nothing for so long is closed.')
    .meta({ absent: '1d; relp: 10m' }),
});

type ListenerSettings = z.output<typeof listenerSettings>;

/** What a listener over TCP may be given, besides its place. */
function streamSettings(
  { tls: own, maxConnections, maxConnectionsPerSource, idle }: ListenerSettings,
  transport: 'tcp' | 'tls' | 'relp',
) {
  const connections = maxConnections ?? DEFAULT_CONNECTIONS;
  return {
    ...(own === undefined ? {} : { tls: own }),
    maxConnections: connections,
    maxConnectionsPerSource: maxConnectionsPerSource ?? Math.min(DEFAULT_CONNECTIONS_PER_SOURCE, connections),
    idle: idle ?? DEFAULT_IDLE_MS[transport],
  };
}

/** A socket in effect: each transport has its own settings, complete. `idle` is milliseconds, `receiveBuffer` bytes. */
export const listener = listenerSettings.transform((given) => {
  const { family, address: local, port: number, allowFrom, transport } = given;
  const place = { family, address: local, port: number, ...(allowFrom === undefined ? {} : { allowFrom }) };
  if (transport === 'udp') {
    return { ...place, transport, receiveBuffer: given.receiveBuffer ?? DEFAULT_RECEIVE_BUFFER };
  }
  return { ...place, transport, ...streamSettings(given, transport) };
});

export type Listener = z.output<typeof listener>;
export type StreamListener = Exclude<Listener, { transport: 'udp' }>;
export type TlsSettings = z.output<typeof tlsSettings>;

/** The sockets of a configuration that names none, as it would write them. */
export function defaultListeners(privilegedPorts: boolean, withTls: boolean): z.input<typeof listener>[] {
  const syslog = privilegedPorts ? 514 : 5514;
  return [
    { port: 2055 },
    { port: 4739 },
    { port: 6343 },
    { family: 'syslog', port: syslog },
    { family: 'syslog', transport: 'tcp', port: syslog },
    { family: 'syslog', transport: 'relp', port: 2514 },
    ...(withTls ? [{ family: 'syslog', transport: 'tls', port: 6514 } as const] : []),
    { family: 'snmp', port: privilegedPorts ? 162 : 1162 },
  ];
}

/** The certificate of a listener: its own settings on top of the general ones. Undefined where it is not to use TLS. */
export function tlsOf(
  { transport, tls: own }: StreamListener,
  general: TlsSettings,
): { certificateFile: string; keyFile: string; clientCaFile?: string; clientSubjects?: string[] } | undefined {
  if (transport !== 'tls' && own === undefined) return undefined;
  // A key belongs to its certificate, and subjects to the authorities that vouch for them.
  const { certificateFile, keyFile } = own?.certificateFile === undefined ? { ...general, ...own } : own;
  const { clientCaFile, clientSubjects } = own?.clientCaFile === undefined ? { ...general, ...own } : own;
  if (certificateFile === undefined) return undefined;
  return {
    certificateFile,
    keyFile: keyFile ?? certificateFile,
    ...(clientCaFile === undefined ? {} : { clientCaFile }),
    ...(clientSubjects === undefined ? {} : { clientSubjects }),
  };
}
