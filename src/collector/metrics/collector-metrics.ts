import type { CollectorStatus } from '../../console/status.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { ExporterReport } from '../../worker/worker-report.ts';
import { exposeAlarms } from './alarm-metrics.ts';
import { exposeFlow } from './flow-metrics.ts';
import { exposeJobs } from './job-metrics.ts';
import { exposeListeners } from './listener-metrics.ts';
import { exposeLosses } from './loss-metrics.ts';
import { exposePair } from './pair-metrics.ts';
import { exposeQueue } from './queue-metrics.ts';
import { exposeProcesses } from './process-metrics.ts';
import { exposeSnmp } from './snmp-metrics.ts';
import { exposeStorageForecast } from './storage-forecast-metrics.ts';
import { exposeStorage } from './storage-metrics.ts';
import { exposeSyslog } from './syslog-metrics.ts';

/** Gives the collector's plain numbers names in `/metrics`. Both functions answer from what was last heard. */
export function exposeCollector(
  metrics: Metrics,
  status: () => CollectorStatus,
  exporters: () => readonly ExporterReport[],
): void {
  exposeListeners(metrics, status);
  exposeFlow(metrics, status, exporters);
  exposeSyslog(metrics, status);
  exposeSnmp(metrics, status);
  exposeLosses(metrics, status);
  exposeStorage(metrics, status);
  exposeQueue(metrics, status);
  exposeProcesses(metrics, status);
  exposeJobs(metrics, status);
  exposeStorageForecast(metrics, () => status().storage);
  exposeAlarms(metrics, () => status().alarms);
  exposePair(metrics, () => status().pair);
}
