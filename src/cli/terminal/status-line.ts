import { type CollectorStatus, datagramListeners, streamListeners } from '../../console/status.ts';
import { bytesText, compact } from './figures.ts';

/** A status and when it was taken, on a clock that never steps. */
export interface StatusSample {
  readonly atMs: number;
  readonly status: CollectorStatus;
}

/** Events a second between two samples. */
export interface StatusRates {
  /** Datagrams, and messages over connections. */
  readonly received: number;
  /** Flow records, syslog messages, traps and informs. */
  readonly records: number;
  readonly stored: number;
}

export function ratesBetween(before: StatusSample, now: StatusSample): StatusRates {
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
  const rate = (total: (status: CollectorStatus) => number) => (total(now.status) - total(before.status)) / seconds;
  return {
    received: rate(receivedOf),
    records: rate(({ flow, syslog, snmp }) => flow.records + syslog.messages + snmp.traps + snmp.informs),
    stored: rate(({ writer }) => writer.rows),
  };
}

function receivedOf(status: CollectorStatus): number {
  const datagrams = datagramListeners(status).reduce((sum, each) => sum + each.datagrams, 0);
  return streamListeners(status).reduce((sum, each) => sum + each.messages, datagrams);
}

/** Datagrams that the kernel dropped, at all listeners. */
function kernelDropsOf(status: CollectorStatus): number {
  return datagramListeners(status).reduce((sum, { kernelDrops }) => sum + kernelDrops, 0);
}

/**
 * The live line: rates, what was lost, what waits. Parts that do not fit `width` are left out, the last first; troubles
 * come before what is merely of interest.
 */
export function statusLine(status: CollectorStatus, rates: StatusRates, width: number): string {
  const { flow, journal, writer } = status;
  const parts = [
    `${compact(rates.received)} received/s`,
    `${compact(rates.records)} records/s`,
    `${compact(rates.stored)} stored/s`,
    `${compact(flow.lost)} lost`,
    `journal ${compact(journal.batches)} batches ${bytesText(journal.bytes)}`,
    ...(writer.state === 'waiting' ? [`database away: ${writer.error ?? 'no answer'}`] : []),
    ...alarms(status),
    ...troubles(status),
    `${compact(flow.exporters)} exporters`,
    `${compact(writer.rows)} rows stored`,
  ];
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}  ${part}`;
    if (longer.length > width) break;
    line = longer;
  }
  return line;
}

/** What takes part in the way of the rows and does not work, or soon will not. */
function alarms({ processes, journal, queue }: CollectorStatus): string[] {
  const missing = processes
    .filter(({ name, state, trouble }) => trouble !== undefined || (name !== 'spare worker' && state !== 'running'))
    .map(
      ({ name, state, trouble }) => `${name} ${state === 'running' ? 'keeps dying' : 'missing'}: ${trouble ?? state}`,
    );
  return [...missing, ...journal.warnings, ...redisAlarm(queue)];
}

function redisAlarm(queue: CollectorStatus['queue']): string[] {
  if (queue === undefined || queue.state === 'well') return [];
  const why = queue.lastError === undefined ? '' : `: ${queue.lastError}`;
  return [`Redis ${queue.state}, the journal takes its batches${why}`];
}

function troubles(status: CollectorStatus): string[] {
  const counts: [number, string][] = [
    [kernelDropsOf(status), 'dropped by the kernel'],
    [status.journal.lostRows, 'rows given up, journal full'],
    [status.writer.rejectedRows, 'rows rejected'],
    [status.flow.undecodable + status.snmp.undecodable, 'undecodable'],
    [status.syslog.dropped, 'dropped by rules'],
    [status.flow.held, 'waiting for a template'],
  ];
  return counts.filter(([count]) => count > 0).map(([count, what]) => `${compact(count)} ${what}`);
}
