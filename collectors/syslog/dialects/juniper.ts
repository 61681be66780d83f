import { COLON, MINUS, PERCENT, UNDERSCORE, isDigit, isUpper, skipSpaces } from '../characters.ts';
import { fixed } from '../message/fixed-text.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';

const JUNIPER = fixed('juniper');
const maxMnemonic = 96;

/** Tags of Junos; a line card's is `fpc` and its number. */
export const junosDaemons = (
  'alarmd bfdd chassisd cfmd cosd craftd cscript dcd dfwd dot1xd eswd eventd fpc gkd httpd-gk idpd ifinfo jdhcpd jsrpd ' +
  'kmd l2ald l2cpd lacpd lfmd license-check lldpd mcsnoopd mgd mib2d nstraced pfed pkid rmopd rpd rtlogd sampled ' +
  'sflowd snmpd spd ui utmd vccpd vrrpd xntpd RT_FLOW RT_IDP RT_UTM RT_SYSTEM RT_IDS RT_AAMW RT_SECINTEL ' +
  'RT_ALG RT_NAT RT_SCREEN_TCP RT_SCREEN_IP RT_SRC_NAT RT_GTP'
).split(' ');

/**
 * Junos: `rpd[123]: BGP_PREFIX_THRESH_EXCEEDED: text`, or with explicit priority `rpd[123]: %DAEMON-4-RPD_…: text`.
 * In structured mode the mnemonic is the MSGID. The caller has looked at the tag.
 */
export function readJuniper(message: ParsedMessage): boolean {
  const { bytes, textStart } = message;
  const start = endOfExplicitPriority(bytes, textStart);
  const end = endOfMnemonic(bytes, start);
  if (end < 0) return false;
  message.recognise(JUNIPER, JUNIPER);
  message.setMnemonic(start, end);
  message.textStart = skipSpaces(bytes, end + 1);
  return true;
}

/** `%DAEMON-4-`. */
function endOfExplicitPriority(bytes: Buffer, at: number): number {
  if (bytes[at] !== PERCENT) return at;
  let end = at + 1;
  while (end < at + 17 && (isUpper(bytes[end]!) || isDigit(bytes[end]!))) end++;
  const level = bytes[end + 1]!;
  const isPriority = end > at + 1 && bytes[end] === MINUS && level >= 0x30 && level <= 0x37 && bytes[end + 2] === MINUS;
  return isPriority ? end + 3 : at;
}

/** Capitals, digits and at least one underscore, up to the colon. */
function endOfMnemonic(bytes: Buffer, at: number): number {
  let underscores = 0;
  for (let position = at; position < at + maxMnemonic; position++) {
    const code = bytes[position]!;
    if (code === UNDERSCORE) underscores++;
    else if (code === COLON) return underscores > 0 ? position : -1;
    else if (!isUpper(code) && !isDigit(code)) return -1;
  }
  return -1;
}
