import type { CollectorStatus, ListenerStatus } from '../../console/status.ts';
import { bytesText, elapsedText, grouped } from './figures.ts';

/** A status as a page that people read: labels left, figures grouped, what is wrong on lines of its own. */
export function statusScreen(status: CollectorStatus, now: Date = new Date()): string {
  const { flow, journal, writer } = status;
  const lines: [string, string][] = [
    ['node', `${status.node}, version ${status.version}, process ${status.pid}`],
    ['running for', elapsedText(now.getTime() - Date.parse(status.startedAt))],
    ['ready', status.ready ? 'yes' : `no: ${status.reasons.join('; ')}`],
    ...status.listeners.map((listener): [string, string] => ['listener', listenerText(listener)]),
    ['received', `${grouped(flow.datagrams)} datagrams from ${grouped(flow.exporters)} exporters`],
    [
      'decoded',
      `${grouped(flow.records)} records into ${grouped(flow.rows)} rows, ${grouped(flow.templates)} templates`,
    ],
    ['undecodable', grouped(flow.undecodable)],
    ['held', `${grouped(flow.held)} waiting for a template, ${grouped(flow.heldExpired)} given up`],
    ['lost', `${grouped(flow.lost)} by sequence numbers, ${grouped(flow.reordered)} came out of order`],
    [
      'journal',
      `${grouped(journal.batches)} batches, ${grouped(journal.rows)} rows, ${bytesText(journal.bytes)} of ${bytesText(journal.maxBytes)}, ` +
        `oldest ${elapsedText(journal.oldestMs)}`,
    ],
    ...(journal.lostRows > 0
      ? [['', `${grouped(journal.lostRows)} rows given up: it was full`] satisfies [string, string]]
      : []),
    [
      'written',
      `${grouped(writer.rows)} rows in ${grouped(writer.batches)} batches, ${grouped(writer.duplicates)} batches were there already`,
    ],
    ...(writer.rejectedRows > 0
      ? [['', `${grouped(writer.rejectedRows)} rows rejected, kept in rejected_rows`] satisfies [string, string]]
      : []),
    ['writer', writer.error === undefined ? writer.state : `${writer.state}: ${writer.error}`],
    ['database', status.database.description],
    ...(status.database.psql === undefined ? [] : [['', status.database.psql] satisfies [string, string]]),
  ];
  return lines.map(([label, text]) => `${label.padEnd(12)} ${text}\n`).join('');
}

/** `flow on ::, port 2055: 12 datagrams, …`. */
function listenerText(listener: ListenerStatus): string {
  const buffer =
    listener.receiveBufferBytes < listener.wantedReceiveBufferBytes
      ? `, receive buffer ${bytesText(listener.receiveBufferBytes)} of the wanted ${bytesText(listener.wantedReceiveBufferBytes)}`
      : '';
  const refused = listener.refused > 0 ? `, ${grouped(listener.refused)} refused by allowFrom` : '';
  return (
    `${listener.family} on ${listener.address} port ${listener.port}: ${grouped(listener.datagrams)} datagrams, ` +
    `${grouped(listener.kernelDrops)} dropped by the kernel${refused}${buffer}`
  );
}
