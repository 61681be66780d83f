import type { UdpListener } from '../../collectors/listener/udp-listener.ts';
import type { DatabaseAddress } from '../../storage/database/database.ts';
import type { Journal } from '../../storage/journal/journal.ts';
import type { DatabaseUpkeep } from '../../storage/database/upkeep.ts';
import type { Writer } from '../../storage/writer.ts';
import manifest from '../../package.json' with { type: 'json' };
import type { Config } from '../config/schema.ts';
import type { CollectorStatus, FlowStatus, JournalStatus, ListenerStatus, WriterStatus } from '../console/status.ts';
import type { FlowPipeline } from './flow-pipeline.ts';

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
  readonly flow: FlowPipeline;
  readonly listeners: readonly UdpListener[];
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
    listeners: parts.listeners.map(listenerStatus),
    flow: flowStatus(parts.flow),
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
  for (const { name, address } of listeners.map((listener) => ({ name: listener.name, address: listener.address() }))) {
    if (address === undefined) reasons.push(`${name} is closed`);
  }
  return reasons;
}

function listenerStatus(listener: UdpListener): ListenerStatus {
  const { options, receiveBufferBytes, datagrams, bytes, refused, kernelDrops } = listener;
  return {
    family: options.family,
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
