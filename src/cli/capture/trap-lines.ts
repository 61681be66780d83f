import type { SnmpTotals } from '../../../collectors/snmp/decoder-options.ts';
import type { Row } from '../../traffic/memory-rows.ts';
import type { V3Header } from '../../traffic/snmp/trap-inspector.ts';
import { grouped } from '../terminal/figures.ts';
import { visibleText } from '../terminal/visible-text.ts';
import { timeText } from './inspect-lines.ts';

/** A notification on one line: time, sender, version, name, varbinds as name=value. */
export function trapLine(row: Row): string {
  const { received_at: receivedAt, device, version, pdu, reason } = row;
  const head = `${timeText(receivedAt)} ${textOf(device)} v${version === 2 ? '2c' : textOf(version)}`;
  if (pdu === 'u') return visibleText(`${head} undecodable: ${textOf(reason)}`);
  const name = textOf(row['trap_name'] ?? row['trap_oid']);
  const varbinds = Array.isArray(row['varbinds']) ? row['varbinds'].map(varbindText) : [];
  return visibleText([head, pdu === 'i' ? 'inform' : 'trap', name, ...varbinds].join(' '));
}

function varbindText(varbind: unknown): string {
  const { oid, name, type, value, text }: Row = { ...Object(varbind) };
  return `${textOf(name ?? oid)}=${textOf(text ?? value ?? type)}`;
}

/** What SNMPv3 says without its keys. */
export function v3HeaderLine(header: V3Header): string {
  const { received_at: receivedAt, device, user, level, engine_id: engine } = header;
  const clock = `boots ${header.engine_boots}, time ${header.engine_time}`;
  return visibleText(`${timeText(receivedAt)} ${device} v3 user ${user}, ${level}, engine ${engine}, ${clock}`);
}

/** `12 SNMP notifications, 1 undecodable`; empty when there was none. */
export function trapTotalsLine({ datagrams, traps, informs, undecodable, refused }: Readonly<SnmpTotals>): string {
  if (datagrams === 0) return '';
  const parts = [`${grouped(traps + informs)} SNMP notifications`];
  if (refused > 0) parts.push(`${grouped(refused)} encrypted`);
  if (undecodable > 0) parts.push(`${grouped(undecodable)} undecodable`);
  return `${parts.join(', ')}\n`;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'bigint') return value.toString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
