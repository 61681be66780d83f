import type { Cast } from './cast.ts';
import { bsd, rfc5424, windows } from './host-messages.ts';
import type { Piece } from './message-text.ts';
import { arista, ciscoAsa, ciscoIos, huawei, juniper, mikrotik } from './network-messages.ts';
import { cef, fortinet, leef, paloAlto } from './security-messages.ts';

/** Who can be played, and how they speak. Every message holds `seq=` and its sequence number once. */
export const DIALECTS = {
  bsd,
  rfc5424,
  'cisco-ios': ciscoIos,
  'cisco-asa': ciscoAsa,
  juniper,
  fortinet,
  'palo-alto': paloAlto,
  arista,
  huawei,
  mikrotik,
  cef,
  leef,
  windows,
} as const satisfies Record<string, (cast: Cast) => readonly Piece[]>;

export type SyslogDialect = keyof typeof DIALECTS;

function isDialect(name: string): name is SyslogDialect {
  return Object.hasOwn(DIALECTS, name);
}

export const SYSLOG_DIALECTS: readonly SyslogDialect[] = Object.keys(DIALECTS).filter(isDialect);
