import type { ExporterView } from '../../../collectors/flow/exporter/exporter.ts';
import type { CollectorStatus } from '../../console/status.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import { exposeFlow } from './flow-metrics.ts';
import { exposeListeners } from './listener-metrics.ts';
import { exposeSnmp } from './snmp-metrics.ts';
import { exposeStorage } from './storage-metrics.ts';
import { exposeSyslog } from './syslog-metrics.ts';

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
  exposeFlow(metrics, status, exporters);
  exposeSyslog(metrics, status);
  exposeSnmp(metrics, status);
  exposeStorage(metrics, status);
  metrics.gauge('resident_memory_bytes', 'Resident memory of the collector.', [], (gauge) =>
    gauge.set(process.memoryUsage.rss()),
  );
}
