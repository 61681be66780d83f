import type { SyslogSendReport } from '../../traffic/syslog/send-syslog.ts';
import { alignColumns } from '../terminal/align.ts';
import { bytesText, grouped } from '../terminal/figures.ts';

const SHOWN_CONNECTIONS = 20;

/** What was sent, for people, and no word more than the transport can know. */
export function syslogReportText(report: SyslogSendReport): string {
  const lines = [
    ['messages', `${grouped(report.messages)}${rateText(report)}`],
    ['time', `${report.seconds.toFixed(2)} s${report.interrupted ? ', interrupted' : ''}`],
    ['payload', `${bytesText(report.payloadBytes)}${wireText(report)}`],
    ...fateLines(report),
  ];
  if (report.firstSequence !== report.lastSequence)
    lines.push(['sequence', `${String(report.firstSequence)} to ${String(report.lastSequence)}`]);
  const head = lines.map(([name = '', text = '']) => `${name.padEnd(14)}${text}\n`).join('');
  return report.messages <= 1 ? head : `${head}\n${dialectLines(report)}\n${connectionLines(report)}`;
}

function rateText({ messages, messagesPerSecond, askedMessagesPerSecond }: SyslogSendReport): string {
  if (messages <= 1) return '';
  const asked = askedMessagesPerSecond === null ? 'as fast as it goes' : `asked ${grouped(askedMessagesPerSecond)}/s`;
  return `, ${grouped(Math.round(messagesPerSecond))}/s (${asked})`;
}

function wireText({ wireBytes }: SyslogSendReport): string {
  return wireBytes === null ? '' : ` (${bytesText(wireBytes)} on the wire)`;
}

function fateLines(report: SyslogSendReport): string[][] {
  const { acknowledged, unanswered, refused, notWritten, reconnects, resent, skipped, transport } = report;
  const lines: string[][] = [];
  const name = transport.toUpperCase();
  if (acknowledged === null) lines.push(['arrived', `unknown: ${name} has no acknowledgements`]);
  else lines.push(['acknowledged', grouped(acknowledged)]);
  if (unanswered !== null && unanswered > 0) lines.push(['unanswered', grouped(unanswered)]);
  if (refused > 0) lines.push(['refused', `${grouped(refused)} by the collector`]);
  if (notWritten > 0) lines.push(['not sent', `${grouped(notWritten)}, since sending failed or the connection broke`]);
  if (reconnects > 0) lines.push(['reconnected', `${grouped(reconnects)} times`]);
  if (resent > 0) lines.push(['sent again', `${grouped(resent)}, which the collector may have had already`]);
  if (skipped > 0) lines.push(['given up', `${grouped(skipped)}, too slow for the rate`]);
  return lines;
}

function dialectLines({ dialects }: SyslogSendReport): string {
  const columns = [{ title: 'dialect' }, { title: 'messages', right: true }];
  return alignColumns(
    columns,
    Object.entries(dialects).map(([name, count]) => [name, grouped(count)]),
  );
}

function connectionLines({ connections }: SyslogSendReport): string {
  const columns = [{ title: 'sent from' }, { title: 'messages', right: true }];
  const shown = connections.slice(0, SHOWN_CONNECTIONS);
  const rows = shown.map(({ localAddress, localPort, messages }) => [
    localAddress === '' ? 'broken connection' : localEnd(localAddress, localPort),
    grouped(messages),
  ]);
  const rest = connections.length - shown.length;
  return alignColumns(columns, rows) + (rest > 0 ? `and ${grouped(rest)} more (all of them with --json)\n` : '');
}

function localEnd(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
