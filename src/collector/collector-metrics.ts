import type { ExporterView } from '../../collectors/flow/exporter/exporter.ts';
import type { CollectorStatus } from '../console/status.ts';
import type { Metrics } from '../runtime/metrics.ts';

/** How many exporters get series of their own: a flood of spoofed ones must not drown whoever scrapes. */
const MAX_EXPORTER_SERIES = 1000;

/** How long one reading of the status serves: all metrics of a scrape. */
const READING_MS = 50;

/** Gives the collector's plain numbers names in `/metrics`. */
export function exposeCollector(
  metrics: Metrics,
  readStatus: () => CollectorStatus,
  exporters: () => Iterable<ExporterView>,
): void {
  let reading: { status: CollectorStatus; atMs: number } | undefined;
  const status = (): CollectorStatus => {
    if (reading === undefined || performance.now() - reading.atMs > READING_MS) {
      reading = { status: readStatus(), atMs: performance.now() };
    }
    return reading.status;
  };
  exposeListeners(metrics, status);
  exposeFlow(metrics, status);
  exposeStorage(metrics, status);
  exposeExporters(metrics, () => [...exporters()].slice(-MAX_EXPORTER_SERIES));
  metrics.gauge('resident_memory_bytes', 'Resident memory of the collector.', [], (gauge) =>
    gauge.set(process.memoryUsage.rss()),
  );
}

function exposeListeners(metrics: Metrics, status: () => CollectorStatus): void {
  const labels = ['family', 'address', 'port'] as const;
  const counted = [
    ['datagrams', 'listener_datagrams_total', 'Datagrams received from allowed senders.'],
    ['bytes', 'listener_bytes_total', 'Payload bytes received from allowed senders.'],
    ['refused', 'listener_refused_total', 'Datagrams from senders outside the allow-list.'],
    ['kernelDrops', 'listener_kernel_drops_total', 'Datagrams that the kernel dropped for want of receive buffer.'],
  ] as const;
  for (const [field, name, help] of counted) {
    metrics.observedCounter(name, help, labels, (add) => {
      for (const listener of status().listeners) {
        add({ family: listener.family, address: listener.address, port: String(listener.port) }, listener[field]);
      }
    });
  }
  metrics.gauge('listener_receive_buffer_bytes', 'Receive buffer that the kernel granted.', labels, (gauge) => {
    for (const { family, address, port, receiveBufferBytes } of status().listeners) {
      gauge.set({ family, address, port: String(port) }, receiveBufferBytes);
    }
  });
}

function exposeFlow(metrics: Metrics, status: () => CollectorStatus): void {
  const counted = [
    ['datagrams', 'flow_datagrams_total', 'Flow datagrams decoded.'],
    ['records', 'flow_records_total', 'Data records decoded.'],
    ['rows', 'flow_rows_total', 'Rows made of them.'],
    ['undecodable', 'flow_undecodable_total', 'Datagrams, sets and records that could not be decoded.'],
    ['heldExpired', 'flow_held_expired_total', 'Sets given up, since no template came for them.'],
    ['templates', 'flow_templates_total', 'Template definitions received, repeated ones included.'],
    ['reordered', 'flow_reordered_total', 'Datagrams that came late.'],
    ['duplicates', 'flow_duplicates_total', 'Datagrams that came twice.'],
    ['exporterEvictions', 'flow_exporter_evictions_total', 'Exporters forgotten for want of room.'],
    ['templateEvictions', 'flow_template_evictions_total', 'Templates forgotten for want of room.'],
    [
      'compilationsDeferred',
      'flow_compilations_deferred_total',
      "Times that a template waited for the compiler's budget.",
    ],
  ] as const;
  for (const [field, name, help] of counted) {
    metrics.observedCounter(name, help, [], (add) => add({}, status().flow[field]));
  }
  metrics.gauge('flow_held', 'Sets that wait for their template.', [], (gauge) => gauge.set(status().flow.held));
  // A gauge, since what comes late is taken back.
  metrics.gauge('flow_lost', "Lost on the way, by the exporters' sequence numbers.", [], (gauge) =>
    gauge.set(status().flow.lost),
  );
  metrics.gauge('flow_exporters', 'Exporters remembered.', [], (gauge) => gauge.set(status().flow.exporters));
}

function exposeStorage(metrics: Metrics, status: () => CollectorStatus): void {
  metrics.gauge('journal_batches', 'Batches that wait for the database.', [], (g) => g.set(status().journal.batches));
  metrics.gauge('journal_rows', 'Rows that wait for the database.', [], (g) => g.set(status().journal.rows));
  metrics.gauge('journal_bytes', 'Bytes that wait for the database.', [], (g) => g.set(status().journal.bytes));
  metrics.gauge('journal_max_bytes', 'Bound of the journal.', [], (g) => g.set(status().journal.maxBytes));
  metrics.gauge('journal_oldest_seconds', 'Age of the oldest waiting batch.', [], (g) =>
    g.set(status().journal.oldestMs / 1000),
  );
  metrics.observedCounter('journal_corrupt_batches_total', 'Batches damaged on the disk.', [], (add) =>
    add({}, status().journal.corruptBatches),
  );
  metrics.observedCounter('journal_lost_rows_total', "Rows given up at the journal's bound.", [], (add) =>
    add({}, status().journal.lostRows),
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

function exposeExporters(metrics: Metrics, exporters: () => ExporterView[]): void {
  const labels = ['exporter', 'domain', 'protocol'] as const;
  const of = ({ address, observationDomain, protocol }: ExporterView) => ({
    exporter: address,
    domain: String(observationDomain),
    protocol,
  });
  const counted = [
    ['datagrams', 'exporter_datagrams_total', 'Datagrams received.'],
    ['records', 'exporter_records_total', 'Data records decoded.'],
    ['reordered', 'exporter_reordered_total', 'Datagrams that came late.'],
    ['duplicates', 'exporter_duplicates_total', 'Datagrams that came twice.'],
    ['restarts', 'exporter_restarts_total', 'Restarts of the exporter.'],
    ['sampleDrops', 'exporter_sample_drops_total', 'Samples that a sFlow agent lost itself.'],
  ] as const;
  for (const [field, name, help] of counted) {
    metrics.observedCounter(name, help, labels, (add) => {
      for (const exporter of exporters()) add(of(exporter), exporter[field]);
    });
  }
  metrics.gauge('exporter_lost', "Lost on the way, by sequence numbers, in the protocol's unit.", labels, (gauge) => {
    for (const exporter of exporters()) gauge.set(of(exporter), exporter.lost);
  });
  metrics.observedCounter(
    'exporter_decode_errors_total',
    'What could not be decoded, by reason.',
    [...labels, 'reason'],
    (add) => {
      for (const exporter of exporters()) {
        for (const [reason, count] of exporter.errors) add({ ...of(exporter), reason }, count);
      }
    },
  );
}
