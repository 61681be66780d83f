import { SPACE } from '../characters.ts';
import type { SyslogMessage } from '../message.ts';
import { readKeyValues } from './key-values.ts';

/** The words behind the host. */
export const merakiKinds = new Set(
  (
    'events flows urls ids-alerts security_event security_filtering_file_scanned airmarshal_events ip_flow_start ip_flow_end ' +
    'firewall vpn_firewall cellular_firewall'
  ).split(' '),
);

/** `<134>1 1772709753.456789 host flows src=… dst=…`: the kind of event behind the host. */
export function readMeraki(message: SyslogMessage): boolean {
  const space = message.text.indexOf(' ');
  if (space < 0 || space > 32 || message.appName !== undefined || message.zoneGuessed) return false;
  const kind = message.text.slice(0, space);
  if (!merakiKinds.has(kind)) return false;
  message.dialect = 'meraki';
  message.vendor = 'cisco-meraki';
  message.mnemonic = kind;
  message.fields = readKeyValues(message.text, space + 1, SPACE);
  if (message.reason === 'structured-data') message.reason = undefined;
  return true;
}
