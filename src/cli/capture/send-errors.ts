import { grouped } from '../terminal/figures.ts';

const MEANINGS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens on that port',
  ECONNRESET: 'the collector broke the connection',
  EPIPE: 'the collector broke the connection',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the collector wants a certificate: --tls-cert and --tls-key',
  EMSGSIZE: 'a datagram was larger than the network takes',
  ENOBUFS: 'the kernel had no room to send',
  ENETUNREACH: 'there is no route to that network',
  EHOSTUNREACH: 'there is no route to that host',
  EPERM: 'a firewall on this machine forbids it',
};

/**
 * What the kernel said against sending, a line for each error code; empty when all went well. ECONNREFUSED comes after
 * the fact: the datagram was sent, and the host answered that nobody wants it.
 */
export function errorLines(errors: Readonly<Record<string, number>>, target: string): string {
  return Object.entries(errors)
    .map(([code, count]) => {
      const meaning = MEANINGS[code];
      return `trouble at ${target}: ${grouped(count)} × ${code}${meaning === undefined ? '' : `, ${meaning}`}\n`;
    })
    .join('');
}
