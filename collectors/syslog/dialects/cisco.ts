import { COLON, MINUS, SPACE, ZERO, isDigit, isNameCharacter, isUpper, skipSpaces } from '../characters.ts';
import { fixed, startsWith } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';
import { readCallManagerFields } from './cisco-callmanager.ts';

const CISCO = fixed('cisco');
const ARISTA = fixed('arista');
const UNIFIED_COMMUNICATIONS = fixed('UC_');
const CALL_MANAGER = fixed('CCM_');
const VIPTELA = fixed('Viptela-');
const maxFacility = 80;

/** Agents of Arista's EOS log in Cisco's form; their names begin with a capital, IOS has no process there at all. */
const aristaAgent =
  /^(?:[A-Z][A-Za-z0-9]*(?:Agent|Mgr|Server)\b|(?:Aaa|Acl|Bgp|Cli|Ebra|Fru|Lag|Lldp|Mlag|PimBidir|PortSec|Rib|Sand|Snmp|Stp|StpTopology|Strata)$)/;

/** `%FACILITY-SEVERITY-MNEMONIC: text` of IOS, IOS XE, IOS XR, NX-OS, ASA, FTD, UCS and, in the same form, Arista EOS. */
export function readCiscoMnemonic(message: ParsedMessage): boolean {
  const { bytes, textStart } = message;
  const facilityEnd = endOfFacility(bytes, textStart);
  if (facilityEnd < 0) return false;
  let end = facilityEnd + 3;
  while (isNameCharacter(bytes[end]!)) end++;
  if (end === facilityEnd + 3) return false;
  message.recognise(CISCO, isArista(message) ? ARISTA : CISCO);
  message.setMnemonic(textStart + 1, end);
  if (!message.hasApp) message.setApp(textStart, end);
  if (message.severity < 0) message.severity = bytes[facilityEnd + 1]! - ZERO;
  const colon = skipSpaces(bytes, end);
  message.textStart = bytes[colon] === COLON ? skipSpaces(bytes, colon + 1) : colon;
  readWhatFollows(message);
  return true;
}

function isArista(message: ParsedMessage): boolean {
  const { bytes, appStart, appEnd } = message;
  return appEnd > appStart && isUpper(bytes[appStart]!) && aristaAgent.test(message.latin1(appStart, appEnd));
}

function readWhatFollows(message: ParsedMessage): void {
  const { bytes, mnemonicStart } = message;
  if (startsWith(bytes, mnemonicStart, UNIFIED_COMMUNICATIONS) || startsWith(bytes, mnemonicStart, CALL_MANAGER)) {
    readCallManagerFields(message);
  } else if (startsWith(bytes, mnemonicStart, VIPTELA) && !message.hasHost) {
    const found = /host-name:"([^"]{1,255})"/d.exec(message.latin1(message.textStart, message.end));
    const [start, end] = found?.indices?.[1] ?? [0, 0];
    if (end > start) message.setHost(message.textStart + start, message.textStart + end);
  }
}

/** The facility may itself hold dashes (`MGBL-CONFIGCLI`): it ends at the first `-digit-`. */
function endOfFacility(bytes: Buffer, at: number): number {
  for (let index = at + 1; index < at + maxFacility; index++) {
    const code = bytes[index]!;
    if (code === MINUS && bytes[index + 2] === MINUS && isDigit(bytes[index + 1]!) && index > at + 1) {
      return bytes[index + 1]! <= 0x37 ? index : -1;
    }
    if (code <= SPACE || !isNameCharacter(code)) return -1;
  }
  return -1;
}
