import type { SyslogShares } from '../../src/traffic/syslog/syslog-load.ts';

/** What a network site sends, in hundredths; the other dialects are measured alone. */
export const TYPICAL_SHARES: SyslogShares = [
  ['bsd', 30],
  ['rfc5424', 15],
  ['cisco-ios', 15],
  ['cisco-asa', 15],
  ['juniper', 10],
  ['fortinet', 5],
  ['palo-alto', 3],
  ['arista', 3],
  ['huawei', 2],
  ['mikrotik', 1],
  ['cef', 1],
];
