import { StreamListener } from '../../collectors/listener/stream-listener.ts';
import type { UdpListener } from '../../collectors/listener/udp-listener.ts';
import type { SourceView } from '../../collectors/snmp/source-table.ts';
import type { SyslogRules } from '../../collectors/syslog/filter/syslog-rules.ts';
import type { OrphanJournals } from '../../storage/journal/orphans/orphan-journals.ts';
import type { BullmqQueue } from '../../storage/redis/bullmq-queue.ts';
import type { Journal } from '../../storage/journal/journal.ts';
import type { Writer } from '../../storage/writer.ts';
import type {
  FlowStatus,
  JournalStatus,
  ListenerStatus,
  SnmpStatus,
  StreamListenerStatus,
  WriterStatus,
} from '../console/status.ts';
import type { SequencePositions } from '../collector/losses/sequence-positions.ts';
import type { FlowPipeline } from '../collector/pipelines/flow-pipeline.ts';
import type { Listeners } from '../collector/listeners.ts';
import type { WorkerReport } from './worker-report.ts';
import type { SnmpPipeline } from '../collector/pipelines/snmp-pipeline.ts';
import type { SyslogPipeline } from '../collector/pipelines/syslog-pipeline.ts';

/** The parts of a worker that have something to tell. */
export interface Parts {
  readonly journal: Journal;
  /** Its bound. */
  readonly journalMaxBytes: number;
  readonly writer: Writer;
  readonly orphans: OrphanJournals | undefined;
  readonly shared: BullmqQueue | undefined;
  readonly flow: FlowPipeline;
  readonly syslog: SyslogPipeline;
  readonly rules: SyslogRules;
  readonly snmp: SnmpPipeline;
  readonly listeners: Listeners;
  readonly positions: SequencePositions;
}

/** Puts the parts' plain numbers together; reads no file and asks nobody. */
export function reportOf(parts: Parts): WorkerReport {
  return {
    listeners: parts.listeners.all.map(listenerStatus),
    flow: flowStatus(parts.flow),
    syslog: syslogStatus(parts),
    snmp: snmpStatus(parts),
    journal: journalStatus(parts),
    queue: parts.shared?.status(),
    writer: writerStatus(parts),
    reasons: reasonsAgainstReadiness(parts),
    memoryBytes: process.memoryUsage.rss(),
  };
}

function reasonsAgainstReadiness({ writer, journal, listeners }: Parts): string[] {
  const reasons: string[] = [];
  if (writer.trouble !== undefined)
    reasons.push(`the database does not take batches: ${writer.trouble}; the journal does`);
  if (journal.trouble !== undefined) reasons.push(`rows are lost: ${journal.trouble}`);
  for (const listener of listeners.all) {
    if (listeners.isWanted && listener.address() === undefined) reasons.push(`${listener.name} is closed`);
  }
  return reasons;
}

function listenerStatus(listener: UdpListener | StreamListener): ListenerStatus {
  if (listener instanceof StreamListener) return streamStatus(listener);
  const { options, receiveBufferBytes, datagrams, bytes, refused, kernelDrops } = listener;
  return {
    family: options.family,
    transport: 'udp',
    address: listener.boundAddress?.address ?? options.address,
    port: listener.boundAddress?.port ?? options.port,
    receiveBufferBytes,
    wantedReceiveBufferBytes: options.receiveBufferBytes,
    datagrams,
    bytes,
    refused,
    kernelDrops,
  };
}

function streamStatus(listener: StreamListener): StreamListenerStatus {
  const { options, messages, bytes, connections, accepted, refused, refusedFull, closedIdle, cut } = listener;
  return {
    family: options.family,
    transport: options.transport,
    address: listener.boundAddress?.address ?? options.address,
    port: listener.boundAddress?.port ?? options.port,
    messages,
    bytes,
    connections,
    accepted,
    refused,
    refusedFull,
    closedIdle,
    cut,
    framingErrors: listener.framingErrors,
    tlsErrors: listener.tlsErrors,
    pauses: listener.pauses,
  };
}

function flowStatus({ decoder }: FlowPipeline): FlowStatus {
  const { totals } = decoder;
  return {
    datagrams: totals.datagrams,
    records: totals.records,
    rows: totals.rows,
    templates: totals.templates + totals.optionTemplates,
    undecodable: totals.undecodable,
    held: totals.waiting,
    heldExpired: totals.heldExpired,
    lost: totals.lost,
    reordered: totals.reordered,
    duplicates: totals.duplicates,
    exporters: totals.exporters,
    exporterEvictions: totals.exporterEvictions,
    templateEvictions: totals.templateEvictions,
    compilationsDeferred: totals.compilationsDeferred,
  };
}

function syslogStatus({ syslog, rules }: Parts): WorkerReport['syslog'] {
  const { messages, unparsed, lossy, cut, dropped, devices, deviceEvictions } = syslog.decoder.totals;
  return {
    messages,
    unparsed,
    lossy,
    cut,
    dropped,
    rules: rules.counts(),
    devices,
    deviceEvictions,
  };
}

function snmpStatus({ snmp: { decoder, security, engine } }: Parts): WorkerReport['snmp'] {
  const { totals } = decoder;
  return {
    datagrams: totals.datagrams,
    traps: totals.traps,
    informs: totals.informs,
    informRetransmissions: totals.informRetransmissions,
    acknowledged: totals.acknowledged,
    informsLost: totals.informsLost,
    undecodable: totals.undecodable,
    notNotifications: totals.notNotifications,
    refused: refusedByReason(decoder.reasons, security.totals.refused),
    senders: troubledSenders(decoder.sources()),
    reports: totals.reports,
    replays: totals.replays,
    storedRaw: totals.storedRaw,
    rawSuppressed: totals.rawSuppressed,
    engines: security.engines.known,
    engineEvictions: security.engines.evictions,
    engineId: engine.engineId.toString('hex'),
    engineBoots: engine.boots,
  };
}

/** Refusals of the message room; those of security it counts, too. */
const REFUSALS = ['unknown-community', 'no-security', 'security-model', 'message-flags'] as const;

function refusedByReason(
  reasons: ReadonlyMap<string, number>,
  bySecurity: Readonly<Record<string, number>>,
): Record<string, number> {
  const own = REFUSALS.map((reason) => [reason, reasons.get(reason) ?? 0] as const);
  return { ...Object.fromEntries(own), ...bySecurity };
}

const SHOWN_SENDERS = 20;

/** Those with the most trouble. */
function troubledSenders(sources: Iterable<SourceView>): SnmpStatus['senders'] {
  const senders = Array.from(sources, ({ address, unknownCommunity, undecodable, refused }) => {
    const counts = { 'unknown-community': unknownCommunity, undecodable, ...Object.fromEntries(refused) };
    const troubles = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
    return { address, troubles, total: Object.values(troubles).reduce((sum, count) => sum + count, 0) };
  });
  return senders.toSorted((one, other) => other.total - one.total).slice(0, SHOWN_SENDERS);
}

/** Then batches wait long enough to say so. */
const LATE_MS = 10_000;

function journalStatus({ journal, journalMaxBytes, orphans, writer }: Parts): JournalStatus {
  let lostRows = 0;
  for (const rows of journal.lostRows.values()) lostRows += rows;
  const { adopting, recovered = {}, trouble } = orphans?.status() ?? {};
  const adopted = Object.values(recovered);
  const lateMs = writer.trouble === undefined ? journal.depth().oldestMs : 0;
  const warnings = [
    journal.alarm,
    lateMs > LATE_MS
      ? `the database is behind: batches wait for ${seconds(lateMs)}, the last took ${seconds(writer.lastBatchMs)} to write`
      : undefined,
    adopting && `the journal of ${adopting.node} is being written: ${adopting.batches} batches are left`,
    journal.unreadableFiles > 0
      ? `${journal.unreadableFiles} of the journal's files cannot be read, and are left as they are`
      : undefined,
    trouble && `a journal that nobody owns cannot be written: ${trouble}`,
  ];
  return {
    ...journal.depth(),
    maxBytes: journalMaxBytes,
    lostRows,
    corruptBatches: journal.corruptBatches,
    otherVersions: journal.otherVersions,
    draftsGivenUp: journal.drafts.givenUp,
    adoptedBatches: adopted.reduce((sum, { batches }) => sum + batches, 0),
    adoptedRows: adopted.reduce((sum, { rows }) => sum + rows, 0),
    warnings: warnings.filter((warning) => warning !== undefined),
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function writerStatus({ writer }: Parts): WriterStatus {
  const { batches, rows, knownBatches, rejectedRows, failures } = writer.totals;
  const state = writer.trouble === undefined ? 'writing' : 'waiting';
  return {
    state,
    batches,
    rows,
    duplicates: knownBatches,
    rejectedRows,
    failures,
    error: writer.lastError ?? writer.trouble,
  };
}
