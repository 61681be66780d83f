import { SPACE, findCode } from '../characters.ts';
import { fixed } from '../message/fixed-text.ts';
import { nameSet } from '../message/name-table.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { readKeyValues } from './key-values.ts';

const MERAKI = fixed('meraki');
const CISCO_MERAKI = fixed('cisco-meraki');

/** The words behind the host. */
export const merakiKinds = (
  'events flows urls ids-alerts security_event security_filtering_file_scanned airmarshal_events ip_flow_start ip_flow_end ' +
  'firewall vpn_firewall cellular_firewall'
).split(' ');
const kinds = nameSet(merakiKinds);

/** `<134>1 1772709753.456789 host flows src=… dst=…`: the kind of event behind the host. */
export function readMeraki(message: ParsedMessage): boolean {
  const { bytes, textStart, end } = message;
  const space = findCode(bytes, SPACE, textStart, Math.min(end, textStart + 33));
  if (space < 0 || message.hasApp || message.zoneGuessed) return false;
  if (kinds.find(bytes, textStart, space) === undefined) return false;
  message.recognise(MERAKI, CISCO_MERAKI);
  message.setMnemonic(textStart, space);
  readKeyValues(message, space + 1, end, SPACE);
  message.forgiveStructuredData();
  return true;
}
