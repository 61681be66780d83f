import { looksLikeFlows } from './flow-payload.ts';
import { TRAP_PORTS } from './snmp/default-port.ts';
import { looksLikeTraps } from './snmp/trap-payload.ts';
import { SYSLOG_PORTS } from './syslog/default-ports.ts';

/** Families of senders, as in `listeners[].family`. */
export type TrafficFamily = 'flow' | 'syslog' | 'snmp';

const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;

/** Whether `payload` begins with a PRI: `<`, one to three digits, `>` (RFC 5424 section 6.2.1). */
export function looksLikeSyslog(payload: Buffer): boolean {
  if (payload[0] !== LESS_THAN) return false;
  for (let at = 1; at <= 4; at += 1) {
    const byte = payload[at] ?? 0;
    if (byte === GREATER_THAN) return at > 1;
    if (byte < 0x30 || byte > 0x39) return false;
  }
  return false;
}

/** Of which family a captured datagram is, by how it begins, else by its port; undefined for anything else. */
export function familyOf(payload: Buffer, port: number): TrafficFamily | undefined {
  if (looksLikeFlows(payload)) return 'flow';
  if (looksLikeTraps(payload)) return 'snmp';
  if (looksLikeSyslog(payload) || SYSLOG_PORTS.has(port)) return 'syslog';
  return TRAP_PORTS.has(port) ? 'snmp' : undefined;
}

/** For a datagram that is wanted whatever it holds: text is a message, anything else is for the flow decoder to judge. */
export function likeliestFamily(payload: Buffer, port: number): TrafficFamily {
  return familyOf(payload, port) ?? (beginsWithText(payload) ? 'syslog' : 'flow');
}

function beginsWithText(payload: Buffer): boolean {
  const start = payload.subarray(0, 16);
  return start.length > 0 && start.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x09);
}
