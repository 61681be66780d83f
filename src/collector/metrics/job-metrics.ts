import type { CollectorStatus } from '../../console/status.ts';
import type { Metrics } from '../../runtime/metrics.ts';

const LABELS = ['job'] as const;

/** Maintenance, as far as it is done on this node. */
export function exposeJobs(metrics: Metrics, status: () => CollectorStatus): void {
  metrics.observedCounter('job_runs_total', 'Runs of a maintenance job on this node.', LABELS, (add) => {
    for (const { name, runs } of status().jobs) add({ job: name }, runs);
  });
  metrics.observedCounter('job_failures_total', 'Runs of a maintenance job that failed.', LABELS, (add) => {
    for (const { name, failures } of status().jobs) add({ job: name }, failures);
  });
  metrics.gauge('job_failing', '1 while the last run of a job failed.', LABELS, (gauge) => {
    for (const { name, lastError } of status().jobs) gauge.set({ job: name }, lastError === undefined ? 0 : 1);
  });
}
