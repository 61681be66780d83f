import { StreamListener } from '../../collectors/listener/stream-listener.ts';
import type { UdpListener } from '../../collectors/listener/udp-listener.ts';
import type { SourceView } from '../../collectors/snmp/source-table.ts';
import type { SyslogRules } from '../../collectors/syslog/filter/syslog-rules.ts';
import type { DatabaseAddress } from '../../storage/database/database.ts';
import type { Journal } from '../../storage/journal/journal.ts';
import type { TextSearchUpkeep } from '../../storage/database/text-search/text-search-upkeep.ts';
import type { DatabaseUpkeep } from '../../storage/database/upkeep.ts';
import type { Writer } from '../../storage/writer.ts';
import manifest from '../../package.json' with { type: 'json' };
import type { Config } from '../config/schema.ts';
import type {
  CollectorStatus,
  FlowStatus,
  JournalStatus,
  ListenerStatus,
  SnmpStatus,
  StreamListenerStatus,
  SyslogStatus,
  WriterStatus,
} from '../console/status.ts';
import type { Poller } from '../polling/poller.ts';
import type { FlowPipeline } from './pipelines/flow-pipeline.ts';
import type { Listeners } from './listeners.ts';
import type { SnmpPipeline } from './pipelines/snmp-pipeline.ts';
import type { SyslogPipeline } from './pipelines/syslog-pipeline.ts';

/** The parts of a started collector that have something to tell. */
export interface Parts {
  readonly config: Config;
  readonly database: {
    readonly address: DatabaseAddress;
    readonly description: string;
    readonly psql: string | undefined;
  };
  readonly upkeep: DatabaseUpkeep;
  readonly journal: Journal;
  readonly writer: Writer;
  readonly textSearch: TextSearchUpkeep;
  readonly flow: FlowPipeline;
  readonly syslog: SyslogPipeline;
  readonly rules: SyslogRules;
  readonly snmp: SnmpPipeline;
  readonly poller: Poller;
  readonly listeners: Listeners;
  readonly startedAt: string;
}

/** Puts the parts' plain numbers together; reads no file and asks nobody. */
export function statusOf(parts: Parts): CollectorStatus {
  const { config, database, startedAt } = parts;
  const reasons = reasonsAgainstReadiness(parts);
  return {
    node: config.node.name,
    version: manifest.version,
    pid: process.pid,
    startedAt,
    ready: reasons.length === 0,
    reasons,
    listeners: parts.listeners.all.map(listenerStatus),
    flow: flowStatus(parts.flow),
    syslog: syslogStatus(parts),
    snmp: snmpStatus(parts),
    journal: journalStatus(parts.journal, config.journal.maxBytes),
    writer: writerStatus(parts),
    database: { description: database.description, psql: database.psql },
  };
}

function reasonsAgainstReadiness({ upkeep, writer, journal, listeners }: Parts): string[] {
  const reasons: string[] = [];
  if (!upkeep.isMigrated)
    reasons.push('the database has not been reached since the start; the journal takes what arrives');
  else if (!writer.isHealthy) reasons.push('the database does not take batches; the journal does');
  if (journal.trouble !== undefined) reasons.push(`rows are lost: ${journal.trouble}`);
  for (const listener of listeners.all) {
    if (listener.address() === undefined) reasons.push(`${listener.name} is closed`);
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

function syslogStatus({ syslog, rules, textSearch }: Parts): SyslogStatus {
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
    search: textSearch.status,
  };
}

function snmpStatus({ snmp: { decoder, security, engine }, poller }: Parts): SnmpStatus {
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
    polls: poller.totals.polls,
    pollFailures: poller.totals.failures,
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

function journalStatus(journal: Journal, maxBytes: number): JournalStatus {
  let lostRows = 0;
  for (const rows of journal.lostRows.values()) lostRows += rows;
  return { ...journal.depth(), maxBytes, lostRows, corruptBatches: journal.corruptBatches };
}

function writerStatus({ writer, upkeep }: Parts): WriterStatus {
  const { batches, rows, knownBatches, rejectedRows, failures } = writer.totals;
  const state = upkeep.isMigrated ? (writer.isHealthy ? 'writing' : 'waiting') : 'connecting';
  return { state, batches, rows, duplicates: knownBatches, rejectedRows, failures, error: writer.lastError };
}
