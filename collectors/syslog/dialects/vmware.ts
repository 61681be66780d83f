import { CLOSE_BRACKET, OPEN_BRACKET, SPACE, findCode } from '../characters.ts';
import { fixed, startsWith } from '../message/fixed-text.ts';
import { nameSet } from '../message/name-table.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { readKeyValues } from './key-values.ts';

const VMWARE = fixed('vmware');
const LEVEL = fixed('level');
const ORIGINATOR = fixed('[Originator@6876 ');
const OBSERVATION = fixed('[vob.');
/** How far into the text the originator may stand. */
const furthestOriginator = 96;

/** Tags of ESXi, vCenter and NSX. */
export const vmwarePrograms =
  'Hostd hostd Vpxa vpxa vpxd Fdm fdm Rhttpproxy rhttpproxy vobd vmkernel vmkwarning VMkernel vmkalert hostd-probe vsanmgmt vsansystem vmon NSX FIREWALL-PKTLOG dfwpktlogs'.split(
    ' ',
  );
const programs = nameSet(vmwarePrograms);
const levels = nameSet(['verbose', 'info', 'warning', 'error', 'trivia', 'panic', 'debug']);

/** ESXi and vCenter: `verbose vpxa[1234] [Originator@6876 sub=VpxaCnxHostd opID=…] text`, with unquoted values. */
export function readVMware(message: ParsedMessage): boolean {
  const { bytes, textStart, end } = message;
  if (!message.hasApp || programs.find(bytes, message.appStart, message.appEnd) === undefined) return false;
  message.recognise(VMWARE, VMWARE);
  const space = findCode(bytes, SPACE, textStart, Math.min(end, textStart + 9));
  if (space > textStart && levels.find(bytes, textStart, space) !== undefined)
    message.addField(LEVEL, textStart, space);
  const open = findOriginator(bytes, textStart, Math.min(end, textStart + furthestOriginator));
  const close = open < 0 ? -1 : findCode(bytes, CLOSE_BRACKET, open, end);
  if (close >= 0) readKeyValues(message, open + ORIGINATOR.end - ORIGINATOR.start, close, SPACE);
  else if (startsWith(bytes, textStart, OBSERVATION)) {
    message.setMnemonic(textStart + 1, findCode(bytes, CLOSE_BRACKET, textStart, end));
  }
  return true;
}

function findOriginator(bytes: Buffer, at: number, limit: number): number {
  for (let position = at; position < limit; position++) {
    if (bytes[position] === OPEN_BRACKET && startsWith(bytes, position, ORIGINATOR)) return position;
  }
  return -1;
}
