import type { CollectorStatus } from '../../console/status.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { ExporterReport } from '../../worker/worker-report.ts';

/** Flows altogether, and by exporter. */
export function exposeFlow(
  metrics: Metrics,
  status: () => CollectorStatus,
  exporters: () => readonly ExporterReport[],
): void {
  exposeExporters(metrics, exporters);
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

function exposeExporters(metrics: Metrics, exporters: () => readonly ExporterReport[]): void {
  const labels = ['exporter', 'domain', 'protocol'] as const;
  const of = ({ address, observationDomain, protocol }: ExporterReport) => ({
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
