import type {
  CollectorStatus,
  DatagramListenerStatus,
  ListenerStatus,
  StreamListenerStatus,
} from '../../console/status.ts';
import { pairLines } from './pair-lines.ts';
import { storageLines } from './storage-lines.ts';
import { bytesText, counted, elapsedText, grouped } from './figures.ts';

const SHOWN_SENDERS = 5;
/** Shorter runs are not worth a line. */
const LONG_JOB_MS = 60_000;

/** A status as a page that people read: labels left, figures grouped, what is wrong on lines of its own. */
export function statusScreen(status: CollectorStatus, now: Date = new Date()): string {
  const { journal, writer } = status;
  const lines: [string, string][] = [
    ['node', `${status.node}, version ${status.version}, process ${status.pid}`],
    ['running for', elapsedText(now.getTime() - Date.parse(status.startedAt))],
    ...earlierRunLines(status),
    ['ready', status.ready ? 'yes' : `no: ${status.reasons.join('; ')}`],
    ...status.warnings.map((warning, index): [string, string] => [index === 0 ? 'warning' : '', warning]),
    ...alarmLines(status, now),
    ...(status.pair === undefined ? [] : pairLines(status.pair, now)),
    ...listenerLines(status),
    ...flowLines(status),
    ...syslogLines(status),
    ...snmpLines(status),
    [
      'journal',
      `${grouped(journal.batches)} batches, ${grouped(journal.rows)} rows, ${bytesText(journal.bytes)} of ${bytesText(journal.maxBytes)}, ` +
        `oldest ${elapsedText(journal.oldestMs)}`,
    ],
    ...(journal.lostRows > 0
      ? [['', `${grouped(journal.lostRows)} rows given up: it was full`] satisfies [string, string]]
      : []),
    ...journalTroubleLines(status),
    ...(journal.adoptedBatches > 0
      ? [
          [
            '',
            `${grouped(journal.adoptedRows)} rows in ${grouped(journal.adoptedBatches)} batches that others had left were written`,
          ] satisfies [string, string],
        ]
      : []),
    ...queueLines(status),
    [
      'written',
      `${grouped(writer.rows)} rows in ${grouped(writer.batches)} batches, ${grouped(writer.duplicates)} batches were there already`,
    ],
    ...(writer.rejectedRows > 0
      ? [['', `${grouped(writer.rejectedRows)} rows rejected, kept in rejected_rows`] satisfies [string, string]]
      : []),
    ['writer', writer.error === undefined ? writer.state : `${writer.state}: ${writer.error}`],
    ...(status.storage === undefined ? [] : storageLines(status.storage)),
    ...jobLines(status, now),
    ...processLines(status),
    ['database', status.database.description],
    ...(status.database.psql === undefined ? [] : [['', status.database.psql] satisfies [string, string]]),
  ];
  return lines.map(([label, text]) => `${label.padEnd(12)} ${text}\n`).join('');
}

function earlierRunLines({ earlierRun }: CollectorStatus): [string, string][] {
  if (earlierRun === undefined) return [];
  const { startedAt, seenAt } = earlierRun;
  return [['', `the run before, from ${startedAt}, ended without notice: it was last seen at ${seenAt}`]];
}

function alarmLines({ alarms }: CollectorStatus, now: Date): [string, string][] {
  return alarms.flatMap(({ summary, since, remedy }, index): [string, string][] => [
    [index === 0 ? 'alarm' : '', `for ${elapsedText(now.getTime() - Date.parse(since))}: ${summary}`],
    ['', remedy],
  ]);
}

/** What the journal found damaged, or could not do, without rows of this moment being lost. */
function journalTroubleLines({ journal }: CollectorStatus): [string, string][] {
  const troubles: (readonly [number, string])[] = [
    [journal.corruptBatches, 'damaged batches put aside as *.corrupt'],
    [journal.otherVersions, 'files of another version of the program put aside'],
    [journal.draftsGivenUp, 'open batches without a draft: a crash would have cost them'],
  ];
  return troubles.flatMap(([count, what]): [string, string][] =>
    count > 0 ? [['', `${grouped(count)} ${what}`]] : [],
  );
}

function queueLines({ queue }: CollectorStatus): [string, string][] {
  if (queue === undefined) return [];
  const { state, waitingBatches, waitingBytes, lastError, toRedis, toJournal, forwarded, damaged } = queue;
  return [
    [
      'redis',
      `${state}, ${grouped(waitingBatches)} batches of all nodes wait (${bytesText(waitingBytes)}), ${grouped(toRedis)} of ours taken`,
    ],
    ...(state !== 'well' && lastError !== undefined ? [['', lastError] satisfies [string, string]] : []),
    ...(toJournal > 0
      ? [
          ['', `${grouped(toJournal)} batches to the journal instead, ${grouped(forwarded)} went on`] satisfies [
            string,
            string,
          ],
        ]
      : []),
    ...(damaged > 0 ? [['', `${grouped(damaged)} batches came back damaged`] satisfies [string, string]] : []),
  ];
}

/** How maintenance fares: a line for all jobs, and one for each that fails or takes its time. */
function jobLines({ jobs }: CollectorStatus, now: Date): [string, string][] {
  if (jobs.length === 0) return [];
  const runs = jobs.reduce((sum, job) => sum + job.runs, 0);
  const failing = jobs.filter(({ lastError }) => lastError !== undefined);
  const state = failing.length === 0 ? 'all well' : `${failing.length} failing`;
  const here = runs === 0 ? 'none has run here yet' : `${grouped(runs)} runs here, ${state}`;
  const lines: [string, string][] = [['jobs', `${jobs.map(({ name }) => name).join(', ')}: ${here}`]];
  for (const { name, failures, lastError } of failing)
    lines.push(['', `${name} failed ${grouped(failures)} times: ${lastError}`]);
  for (const { name, isRunning, lastStartedAt } of jobs) {
    const runningMs = isRunning && lastStartedAt !== undefined ? now.getTime() - Date.parse(lastStartedAt) : 0;
    if (runningMs > LONG_JOB_MS) lines.push(['', `${name} has been at work for ${elapsedText(runningMs)}`]);
  }
  return lines;
}

function processLines({ processes }: CollectorStatus): [string, string][] {
  return processes.map(({ name, pid, state, restarts, memoryBytes, trouble }, index) => [
    index === 0 ? 'processes' : '',
    `${name}: ` +
      (pid === undefined ? state : `${state}, process ${pid}, ${bytesText(memoryBytes)}`) +
      restartsText(restarts) +
      (trouble === undefined ? '' : `, ${trouble}`),
  ]);
}

function restartsText(restarts: number): string {
  if (restarts === 0) return '';
  return restarts === 1 ? ', started again once' : `, started again ${grouped(restarts)} times`;
}

/** Senders that the workers of now have heard: none yet, after the death of those that heard what is counted. */
function fromText(senders: number, what: string): string {
  return senders === 0 ? '' : ` from ${counted(senders, what)}`;
}

function flowLines({ flow }: CollectorStatus): [string, string][] {
  return [
    ['flows', `${grouped(flow.datagrams)} datagrams${fromText(flow.exporters, 'exporter')}`],
    [
      '',
      `${grouped(flow.records)} records into ${grouped(flow.rows)} rows, ${grouped(flow.templates)} templates` +
        troublesText([
          [flow.undecodable, 'undecodable'],
          [flow.held, 'sets waiting for a template'],
          [flow.heldExpired, 'given up'],
        ]),
    ],
    ['', `${grouped(flow.lost)} lost by sequence numbers, ${grouped(flow.reordered)} came out of order`],
  ];
}

function syslogLines({ syslog }: CollectorStatus): [string, string][] {
  const lines: [string, string][] = [
    [
      'syslog',
      `${grouped(syslog.messages)} messages${fromText(syslog.devices, 'device')}` +
        troublesText([
          [syslog.unparsed, 'stored raw'],
          [syslog.cut, 'cut'],
          [syslog.dropped, 'dropped by rules'],
        ]),
    ],
  ];
  for (const { name, action, matched, dropped } of syslog.rules)
    lines.push(['', `rule "${name}" (${action}): ${grouped(matched)} matched, ${grouped(dropped)} dropped`]);
  const { search } = syslog;
  for (const { why, partitions } of search.unindexed)
    lines.push(['', `${grouped(partitions)} hours without index: ${why}`]);
  if (search.trouble !== undefined) lines.push(['', `indexes are not built: ${search.trouble}`]);
  return lines;
}

function snmpLines({ snmp }: CollectorStatus): [string, string][] {
  const refused = Object.values(snmp.refused).reduce((sum, count) => sum + count, 0);
  return [
    [
      'SNMP',
      `${grouped(snmp.traps)} traps, ${grouped(snmp.informs)} informs (${grouped(snmp.acknowledged)} acknowledged)` +
        troublesText([
          [refused, 'of senders not heard'],
          [snmp.undecodable, 'undecodable'],
          [snmp.informsLost, 'informs lost'],
          [snmp.pollFailures, 'polls failed'],
        ]),
    ],
    ...snmp.senders.slice(0, SHOWN_SENDERS).map(({ address, troubles }): [string, string] => {
      const reasons = Object.entries(troubles).map(([reason, count]) => `${grouped(count)} ${reason}`);
      return ['', `not taken from ${address}: ${reasons.join(', ')}`];
    }),
  ];
}

/** A standby's are not open, and have nothing to tell. */
function listenerLines({ listeners, pair }: CollectorStatus): [string, string][] {
  if (pair?.own.role === 'standby' && listeners.length > 0)
    return [['listener', `${listeners.length} closed, as on every standby`]];
  return listeners.map((listener) => ['listener', listenerText(listener)]);
}

/** `flow on :: UDP port 2055: 12 datagrams, …`. */
function listenerText(listener: ListenerStatus): string {
  const { family, transport, address, port } = listener;
  const place = `${family} on ${address} ${transport.toUpperCase()} port ${port}`;
  return `${place}: ${transport === 'udp' ? datagramText(listener) : streamText(listener)}`;
}

function datagramText(listener: DatagramListenerStatus): string {
  const { receiveBufferBytes: granted, wantedReceiveBufferBytes: wanted } = listener;
  const buffer = granted < wanted ? `, receive buffer ${bytesText(granted)} of the wanted ${bytesText(wanted)}` : '';
  return (
    `${grouped(listener.datagrams)} datagrams, ${grouped(listener.kernelDrops)} dropped by the kernel` +
    troublesText([[listener.refused, 'refused by allowFrom']]) +
    buffer
  );
}

function streamText(listener: StreamListenerStatus): string {
  return (
    `${grouped(listener.messages)} messages, ${grouped(listener.connections)} connections` +
    troublesText([
      [listener.refused, 'refused by allowFrom'],
      [listener.refusedFull, 'beyond the bound'],
      [listener.cut, 'messages cut'],
      [listener.framingErrors, 'closed for bad framing'],
      [listener.tlsErrors, 'TLS errors'],
      [listener.pauses, 'pauses for want of room'],
    ])
  );
}

/** Those that are not zero. */
function troublesText(counts: readonly (readonly [number, string])[]): string {
  return counts.map(([count, what]) => (count > 0 ? `, ${grouped(count)} ${what}` : '')).join('');
}
