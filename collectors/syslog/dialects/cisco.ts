import { COLON, MINUS, SPACE, isDigit, isNameCharacter, skipSpaces, codeAt } from '../characters.ts';
import type { SyslogMessage } from '../message.ts';
import { readCallManagerFields } from './cisco-callmanager.ts';

/** Agents of Arista's EOS log in Cisco's form; their names begin with a capital, IOS has no process there at all. */
const aristaAgent =
  /^(?:[A-Z][A-Za-z0-9]*(?:Agent|Mgr|Server)\b|(?:Aaa|Acl|Bgp|Cli|Ebra|Fru|Lag|Lldp|Mlag|PimBidir|PortSec|Rib|Sand|Snmp|Stp|StpTopology|Strata)$)/;

/** `%FACILITY-SEVERITY-MNEMONIC: text` of IOS, IOS XE, IOS XR, NX-OS, ASA, FTD, UCS and, in the same form, Arista EOS. */
export function readCiscoMnemonic(message: SyslogMessage): boolean {
  const text = message.text;
  const facilityEnd = endOfFacility(text);
  if (facilityEnd < 0) return false;
  let end = facilityEnd + 3;
  while (isNameCharacter(codeAt(text, end))) end++;
  const colon = skipSpaces(text, end);
  if (end === facilityEnd + 3) return false;
  message.dialect = 'cisco';
  message.vendor = message.appName !== undefined && aristaAgent.test(message.appName) ? 'arista' : 'cisco';
  message.mnemonic = text.slice(1, end);
  message.appName ??= text.slice(0, end);
  if (message.severity === undefined) message.severity = codeAt(text, facilityEnd + 1) - 0x30;
  message.text = text.slice(skipSpaces(text, codeAt(text, colon) === COLON ? colon + 1 : colon));
  if (message.mnemonic.startsWith('UC_') || message.mnemonic.startsWith('CCM_')) readCallManagerFields(message);
  else if (message.mnemonic.startsWith('Viptela-'))
    message.hostname ??= /host-name:"([^"]{1,255})"/.exec(message.text)?.[1];
  return true;
}

/** The facility may itself hold dashes (`MGBL-CONFIGCLI`): it ends at the first `-digit-`. */
function endOfFacility(text: string): number {
  for (let index = 1; index < text.length && index < 80; index++) {
    const code = codeAt(text, index);
    if (code === MINUS && codeAt(text, index + 2) === MINUS && isDigit(codeAt(text, index + 1)) && index > 1) {
      return codeAt(text, index + 1) <= 0x37 ? index : -1;
    }
    if (code <= SPACE || !isNameCharacter(code)) return -1;
  }
  return -1;
}
