import { join } from 'node:path';
import type { SyslogDecoderOptions } from '../../collectors/syslog/syslog-decoder.ts';
import { workerFolder } from '../../storage/journal/orphans/journal-folders.ts';
import type { JournalOptions } from '../../storage/journal/journal.ts';
import type { RetentionOptions } from '../../storage/database/retention.ts';
import type { Config } from '../config/schema.ts';
import type { SnmpCredentials } from '../config/snmp-credentials.ts';
import type { PollerOptions } from '../polling/poller.ts';
import type { DatabaseAddress } from '../../storage/database/database.ts';
import type { SnmpEngineStoreOptions } from './snmp/snmp-engine-store.ts';
import type { FlowPipelineOptions } from './pipelines/flow-pipeline.ts';
import type { RowIntakeOptions } from './pipelines/row-intake.ts';
import type { SnmpPipelineOptions } from './pipelines/snmp-pipeline.ts';
import type { SyslogPipelineOptions } from './pipelines/syslog-pipeline.ts';

const DAY_MS = 86_400_000;

/** What the flow rooms need of the configuration. */
export function flowPipelineOptions({ flow, batch, journal }: Config): FlowPipelineOptions {
  const { limits, sampling, elements } = flow;
  return {
    decoder: {
      maxExporters: limits.exporters,
      maxTemplatesPerExporter: limits.templatesPerExporter,
      heldBytes: limits.heldBytes,
      heldBytesPerExporter: limits.heldBytesPerExporter,
      heldMaxAgeSeconds: limits.heldFor / 1000,
      sampling: {
        overrides: Object.entries(sampling.exporters).map(([exporter, rate]) => ({ exporter, rate })),
        ...(sampling.default === undefined ? {} : { default: sampling.default }),
      },
      elements,
    },
    intake: rowIntakeOptions({ batch, journal }),
  };
}

/** What the syslog rooms need of it, besides what is composed for them. */
export function syslogPipelineOptions(
  { syslog, batch, journal }: Config,
  parts: Pick<SyslogDecoderOptions, 'zone' | 'clocks' | 'rules'>,
): SyslogPipelineOptions {
  return {
    decoder: { maxDevices: syslog.limits.devices, ...parts },
    intake: rowIntakeOptions({ batch, journal }),
    maxMessageBytes: syslog.limits.messageBytes,
  };
}

/** What the SNMP rooms need of it. */
export function snmpPipelineOptions(
  { snmp, batch, journal }: Config,
  { communities, users }: SnmpCredentials,
): SnmpPipelineOptions {
  const { limits, timeWindow } = snmp;
  return {
    decoder: { communities, maxSources: limits.sources, rawPerMinute: limits.rawPerMinute },
    security: { users, timeWindow, maxEngines: limits.engines },
    intake: rowIntakeOptions({ batch, journal }),
  };
}

/** How devices are polled. */
export function pollerOptions({ snmp: { polling } }: Config): PollerOptions {
  const { interval, soonest, concurrency, timeout, retries } = polling;
  return { intervalMs: interval, soonestMs: soonest, concurrency, timeoutMs: timeout, retries };
}

/** How rows are gathered into batches. */
export function rowIntakeOptions({ batch, journal }: Pick<Config, 'batch' | 'journal'>): RowIntakeOptions {
  const limits = { maxRows: batch.rows, maxAgeMs: batch.age };
  return { limits, batchBytes: batch.bytes, queueMemoryBytes: journal.memoryBytes };
}

/** The folder of a worker's journal. */
export function journalDirectory({ journal, node }: Config, index: number): string {
  return workerFolder(journal.directory, node.name, index);
}

/** How one of so many workers keeps batches: of what the node may take, each has the same share. */
export function journalOptions(
  config: Config,
  { index, workers }: { readonly index: number; readonly workers: number },
): JournalOptions {
  const { sync, maxBytes, segmentBytes, claimTimeout, ...same } = config.journal;
  const share = Math.floor(maxBytes / workers);
  return {
    ...same,
    directory: journalDirectory(config, index),
    maxBytes: share,
    // A batch lies within one segment.
    segmentBytes: Math.max(config.batch.bytes, Math.min(segmentBytes, Math.floor(share / 8))),
    syncMs: sync,
    node: config.node.name,
    claimTimeoutMs: claimTimeout,
  };
}

/** What the database's upkeep needs of it. */
export function retentionOptions({ retention }: Config): RetentionOptions {
  return {
    partitionBy: retention.partitionBy,
    keepDays: retention.flows / DAY_MS,
    keepDaysOf: {
      counter_samples: retention.counterSamples / DAY_MS,
      syslog_messages: retention.syslog / DAY_MS,
      snmp_traps: retention.traps / DAY_MS,
    },
    keepLedgerDays: retention.ledger / DAY_MS,
  };
}

/** Where our SNMP engine is remembered beside the database, below the state directory. */
const ENGINE_FILE = 'snmp-engine.json';

/** How our SNMP engine is kept. */
export function engineStoreOptions(
  { stateDirectory, node, snmp: { engineId } }: Config,
  database: DatabaseAddress,
): SnmpEngineStoreOptions {
  return { file: join(stateDirectory, ENGINE_FILE), database, node: node.name, engineId };
}
