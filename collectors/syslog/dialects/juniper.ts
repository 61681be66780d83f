import { COLON, SPACE, isDigit, isUpper, skipSpaces, codeAt } from '../characters.ts';
import type { SyslogMessage } from '../message.ts';

/** Tags of Junos; a line card's is `fpc` and its number. */
export const junosDaemons = new Set(
  (
    'alarmd bfdd chassisd cfmd cosd craftd cscript dcd dfwd dot1xd eswd eventd fpc gkd httpd-gk idpd ifinfo jdhcpd jsrpd ' +
    'kmd l2ald l2cpd lacpd lfmd license-check lldpd mcsnoopd mgd mib2d nstraced pfed pkid rmopd rpd rtlogd sampled ' +
    'sflowd snmpd spd ui utmd vccpd vrrpd xntpd RT_FLOW RT_IDP RT_UTM RT_SYSTEM RT_IDS RT_AAMW RT_SECINTEL ' +
    'RT_ALG RT_NAT RT_SCREEN_TCP RT_SCREEN_IP RT_SRC_NAT RT_GTP'
  ).split(' '),
);

/**
 * Junos: `rpd[123]: BGP_PREFIX_THRESH_EXCEEDED: text`, or with explicit priority `rpd[123]: %DAEMON-4-RPD_…: text`.
 * In structured mode the mnemonic is the MSGID. The caller has looked at the tag.
 */
export function readJuniper(message: SyslogMessage): boolean {
  const text = message.text;
  const start = endOfExplicitPriority(text);
  const end = endOfMnemonic(text, start);
  if (end < 0) return false;
  message.dialect = 'juniper';
  message.vendor = 'juniper';
  message.mnemonic = text.slice(start, end);
  message.text = text.slice(skipSpaces(text, end + 1));
  return true;
}

/** `%DAEMON-4-`. */
function endOfExplicitPriority(text: string): number {
  return /^%[A-Z0-9]{1,16}-[0-7]-/.exec(text.slice(0, 24))?.[0].length ?? 0;
}

/** Capitals, digits and at least one underscore, up to the colon. */
function endOfMnemonic(text: string, at: number): number {
  let underscores = 0;
  for (let position = at; position < text.length && position < at + 96; position++) {
    const code = codeAt(text, position);
    if (code === 0x5f) underscores++;
    else if (code === COLON) return underscores > 0 ? position : -1;
    else if (code === SPACE || !(isUpper(code) || isDigit(code))) return -1;
  }
  return -1;
}
