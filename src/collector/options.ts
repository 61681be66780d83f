import type { JournalOptions } from '../../storage/journal/journal.ts';
import type { RetentionOptions } from '../../storage/database/retention.ts';
import type { Config } from '../config/schema.ts';
import type { FlowPipelineOptions } from './flow-pipeline.ts';
import type { RowIntakeOptions } from './row-intake.ts';

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
    intake: rowIntakeOptions(batch, journal),
  };
}

function rowIntakeOptions(batch: Config['batch'], journal: Config['journal']): RowIntakeOptions {
  const limits = { maxRows: batch.rows, maxAgeMs: batch.age };
  return { limits, batchBytes: batch.bytes, queueMemoryBytes: journal.memoryBytes };
}

/** How the journal keeps batches. */
export function journalOptions({ journal }: Config): JournalOptions {
  const { sync, ...same } = journal;
  return { ...same, syncMs: sync };
}

/** What the database's upkeep needs of it. */
export function retentionOptions({ retention }: Config): RetentionOptions {
  return {
    partitionBy: retention.partitionBy,
    keepDays: retention.flows / DAY_MS,
    keepDaysOf: {
      counter_samples: retention.counterSamples / DAY_MS,
      syslog_messages: retention.syslog / DAY_MS,
    },
    keepLedgerDays: retention.ledger / DAY_MS,
  };
}
