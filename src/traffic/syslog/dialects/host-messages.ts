import type { Cast } from './cast.ts';
import { TIME } from './device-time.ts';
import { type Piece, SEQUENCE, text } from './message-text.ts';

/** RFC 3164 as Unix hosts and small appliances send it. */
export function bsd(cast: Cast): readonly Piece[] {
  const head = (priority: number) => text`<${priority}>${TIME.bsd} ${cast.host('host')} `;
  return cast.one(
    text`${head(38)}sshd[${cast.pid()}]: Accepted publickey for ${cast.user()} from ${cast.inside()} port ${cast.port()} ssh2 seq=${SEQUENCE}`,
    text`${head(38)}sshd[${cast.pid()}]: Failed password for invalid user ${cast.user()} from ${cast.outside()} port ${cast.port()} ssh2 seq=${SEQUENCE}`,
    text`${head(78)}CRON[${cast.pid()}]: (root) CMD (/usr/local/bin/rotate --job seq=${SEQUENCE})`,
    text`${head(30)}dhcpd[${cast.pid()}]: DHCPACK on ${cast.inside()} to ${cast.mac()} via eth0 seq=${SEQUENCE}`,
    text`${head(22)}postfix/smtpd[${cast.pid()}]: connect from mail.example.com[${cast.outside()}] seq=${SEQUENCE}`,
    text`${head(85)}sudo: ${cast.user()} : TTY=pts/0 ; PWD=/home ; USER=root ; COMMAND=/usr/bin/true seq=${SEQUENCE}`,
  );
}

/** RFC 5424, with and without structured data, as rsyslog, syslog-ng and newer appliances send it. */
export function rfc5424(cast: Cast): readonly Piece[] {
  const head = (priority: number, app: string) =>
    text`<${priority}>1 ${TIME.rfc3339} ${cast.host('app')}.example.com ${app} `;
  return cast.one(
    text`${head(134, 'haproxy')}${cast.pid()} - - ${cast.outside()}:${cast.port()} https~ web/web${cast.number(1, 4)} 0/0/1/${cast.number(2, 900)} 200 ${cast.number(200, 90_000)} seq=${SEQUENCE}`,
    text`${head(86, 'sshd')}${cast.pid()} LOGIN [auth@32473 user="${cast.user()}" method="publickey"] session opened from ${cast.ipv6()} seq=${SEQUENCE}`,
    text`${head(27, 'systemd')}1 - [timeQuality tzKnown="1" isSynced="1"] backup.service: Main process exited, code=exited, status=${cast.number(1, 3)} seq=${SEQUENCE}`,
    text`${head(165, 'evntslog')}- ID${cast.number(1, 99)} [exampleSDID@32473 iut="3" eventSource="Application" eventID="${cast.number(1000, 1999)}"] An application event log entry seq=${SEQUENCE}`,
  );
}

/** Agents on Windows: Snare's columns, divided by tabs, and NXLog's structured data. */
export function windows(cast: Cast): readonly Piece[] {
  const host = cast.host('dc');
  const user = cast.user();
  const snare = (id: number, source: string, category: string, message: readonly Piece[]) =>
    text`<13>${TIME.bsd} ${host} MSWinEventLog\t1\tSecurity\t${cast.number(1, 99_999)}\t${TIME.windows}\t${id}\t${source}\t${user}\tN/A\tSuccess Audit\t${host}\t${category}\t\t${message}`;
  return cast.one(
    snare(
      4624,
      'Microsoft-Windows-Security-Auditing',
      'Logon',
      text`An account was successfully logged on. Source Network Address: ${cast.inside()} seq=${SEQUENCE}`,
    ),
    snare(
      4688,
      'Microsoft-Windows-Security-Auditing',
      'Process Creation',
      text`A new process has been created. Process Name: notepad.exe seq=${SEQUENCE}`,
    ),
    text`<14>1 ${TIME.rfc3339} ${host}.example.com Microsoft-Windows-Security-Auditing ${cast.pid()} - [NXLOG@14506 EventID="4625" Channel="Security" TargetUserName="${user}"] An account failed to log on. seq=${SEQUENCE}`,
  );
}
