import type { CollectorStatus } from '../../console/status.ts';
import type { Metrics } from '../../runtime/metrics.ts';

/** Journal and writer. */
export function exposeStorage(metrics: Metrics, status: () => CollectorStatus): void {
  metrics.gauge('journal_batches', 'Batches that wait for the database.', [], (g) => g.set(status().journal.batches));
  metrics.gauge('journal_rows', 'Rows that wait for the database.', [], (g) => g.set(status().journal.rows));
  metrics.gauge('journal_bytes', 'Bytes that wait for the database.', [], (g) => g.set(status().journal.bytes));
  metrics.gauge('journal_warnings', 'Warnings about the journal: how full it is, what cannot be adopted.', [], (g) =>
    g.set(status().journal.warnings.length),
  );
  metrics.gauge('journal_max_bytes', 'Bound of the journal.', [], (g) => g.set(status().journal.maxBytes));
  metrics.gauge('journal_oldest_seconds', 'Age of the oldest waiting batch.', [], (g) =>
    g.set(status().journal.oldestMs / 1000),
  );
  metrics.observedCounter('journal_corrupt_batches_total', 'Batches damaged on the disk.', [], (add) =>
    add({}, status().journal.corruptBatches),
  );
  metrics.observedCounter('journal_other_versions_total', 'Files of another version, kept aside.', [], (add) =>
    add({}, status().journal.otherVersions),
  );
  metrics.observedCounter('journal_drafts_given_up_total', 'Open batches that a crash would have cost.', [], (add) =>
    add({}, status().journal.draftsGivenUp),
  );
  metrics.observedCounter('journal_lost_rows_total', "Rows given up at the journal's bound.", [], (add) =>
    add({}, status().journal.lostRows),
  );
  metrics.observedCounter('journal_adopted_rows_total', 'Rows written that the journals of others held.', [], (add) =>
    add({}, status().journal.adoptedRows),
  );
  const counted = [
    ['batches', 'written_batches_total', 'Batches committed.'],
    ['rows', 'written_rows_total', 'Rows committed.'],
    ['duplicates', 'duplicate_batches_total', 'Batches that the ledger had already, not written again.'],
    ['rejectedRows', 'rejected_rows_total', 'Rows that PostgreSQL refused, kept in rejected_rows.'],
    ['failures', 'writer_failures_total', 'Attempts to write a batch that failed.'],
  ] as const;
  for (const [field, name, help] of counted) {
    metrics.observedCounter(name, help, [], (add) => add({}, status().writer[field]));
  }
  metrics.gauge('ready', '1 when datagrams are received and stored.', [], (gauge) => gauge.set(status().ready ? 1 : 0));
}
