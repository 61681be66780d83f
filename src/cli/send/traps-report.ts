import type { TrapSendReport } from '../../traffic/snmp/send-traps.ts';
import { alignColumns } from '../terminal/align.ts';
import { bytesText, grouped } from '../terminal/figures.ts';

const SHOWN_SOURCES = 20;

/** What reports of USM mean to whoever sends (RFC 3414 section 5). */
const REPORT_MEANINGS: Readonly<Record<string, string>> = {
  unsupportedSecLevels: 'the receiver does not do that level',
  notInTimeWindows: 'the receiver had another time; it was learnt',
  unknownUserNames: 'the receiver does not know the user',
  unknownEngineIDs: 'the receiver did not take the engine id',
  wrongDigests: 'the authentication pass phrase or protocol is another one there',
  decryptionErrors: 'the privacy pass phrase or protocol is another one there',
};

/** What was sent, for people, and no word more than the sender can know. */
export function trapsReportText(report: TrapSendReport): string {
  const lines = [
    [`${report.pdu}s`, `${grouped(report.traps)} of version ${report.version}${rateText(report)}`],
    ['time', `${report.seconds.toFixed(2)} s${report.interrupted ? ', interrupted' : ''}`],
    ['payload', `${bytesText(report.payloadBytes)} (${bytesText(report.wireBytes)} on the wire)`],
    ...fateLines(report),
  ];
  if (report.traps > 0)
    lines.push(['numbers', `${grouped(report.firstSequence ?? 0)} to ${grouped(report.lastSequence ?? 0)}`]);
  const head = lines.map(([name = '', text = '']) => `${name.padEnd(14)}${text}\n`).join('');
  return report.traps <= 1 ? head : `${head}\n${kindLines(report)}\n${sourceLines(report)}`;
}

function rateText({ traps, trapsPerSecond, askedTrapsPerSecond }: TrapSendReport): string {
  if (traps <= 1) return '';
  const asked = askedTrapsPerSecond === null ? 'as fast as it goes' : `asked ${grouped(askedTrapsPerSecond)}/s`;
  return `, ${grouped(Math.round(trapsPerSecond))}/s (${asked})`;
}

function fateLines({ acknowledged, refused, unanswered, resent, reports, notWritten, skipped }: TrapSendReport) {
  const lines: string[][] = [];
  if (acknowledged === null) lines.push(['arrived', 'unknown: traps are not acknowledged (--inform)']);
  else lines.push(['acknowledged', grouped(acknowledged)]);
  if (unanswered !== null && unanswered > 0) lines.push(['unanswered', grouped(unanswered)]);
  if (refused !== null && refused > 0) lines.push(['refused', `${grouped(refused)} by the receiver`]);
  if (resent !== null && resent > 0) lines.push(['sent again', `${grouped(resent)} times`]);
  for (const [counter, count] of Object.entries(reports ?? {})) {
    const meaning = REPORT_MEANINGS[counter];
    lines.push(['reported', `${grouped(count)} × ${counter}${meaning === undefined ? '' : `: ${meaning}`}`]);
  }
  if (notWritten > 0) lines.push(['not sent', `${grouped(notWritten)}, since sending failed`]);
  if (skipped > 0) lines.push(['given up', `${grouped(skipped)}, too slow for the rate`]);
  return lines;
}

function kindLines({ kinds, pdu }: TrapSendReport): string {
  const columns = [{ title: pdu }, { title: 'sent', right: true }];
  return alignColumns(
    columns,
    Object.entries(kinds).map(([name, count]) => [name, grouped(count)]),
  );
}

function sourceLines({ sources }: TrapSendReport): string {
  const columns = [{ title: 'sent from' }, { title: 'datagrams', right: true }];
  const used = sources.filter(({ datagrams }) => datagrams > 0);
  const rows = used
    .slice(0, SHOWN_SOURCES)
    .map(({ localAddress, localPort, datagrams }) => [localEnd(localAddress, localPort), grouped(datagrams)]);
  const rest = used.length - rows.length;
  return alignColumns(columns, rows) + (rest > 0 ? `and ${grouped(rest)} more (all of them with --json)\n` : '');
}

function localEnd(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
