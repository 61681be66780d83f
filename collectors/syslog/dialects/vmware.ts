import { CLOSE_BRACKET, SPACE, codeAt } from '../characters.ts';
import type { SyslogMessage } from '../message.ts';
import { readKeyValues } from './key-values.ts';

/** Tags of ESXi, vCenter and NSX. */
export const vmwarePrograms = new Set(
  'Hostd hostd Vpxa vpxa vpxd Fdm fdm Rhttpproxy rhttpproxy vobd vmkernel vmkwarning VMkernel vmkalert hostd-probe vsanmgmt vsansystem vmon NSX FIREWALL-PKTLOG dfwpktlogs'.split(
    ' ',
  ),
);
const levels = new Set(['verbose', 'info', 'warning', 'error', 'trivia', 'panic', 'debug']);

/** ESXi and vCenter: `verbose vpxa[1234] [Originator@6876 sub=VpxaCnxHostd opID=…] text`, with unquoted values. */
export function readVMware(message: SyslogMessage): boolean {
  if (message.appName === undefined || !vmwarePrograms.has(message.appName)) return false;
  const text = message.text;
  message.dialect = 'vmware';
  message.vendor = 'vmware';
  const space = text.indexOf(' ');
  const level = space > 0 && space < 9 ? text.slice(0, space) : '';
  const fields = levels.has(level) ? ['level', level] : [];
  const open = text.slice(0, 96).indexOf('[Originator@6876 ');
  const close = open < 0 ? -1 : text.indexOf(']', open);
  if (close >= 0 && codeAt(text, close) === CLOSE_BRACKET) {
    fields.push(...(readKeyValues(text.slice(open + 17, close), 0, SPACE) ?? []));
  } else if (text.startsWith('[vob.')) message.mnemonic = text.slice(1, Math.max(1, text.indexOf(']')));
  if (fields.length > 0) message.fields = fields;
  return true;
}
