import type { CollectorStatus } from '../../console/status.ts';
import type { Metrics } from '../../runtime/metrics.ts';

const LABELS = ['process'] as const;

/** The keeper and those that it watches. */
export function exposeProcesses(metrics: Metrics, status: () => CollectorStatus): void {
  metrics.gauge('resident_memory_bytes', 'Resident memory of each process.', LABELS, (gauge) => {
    for (const { name, memoryBytes } of status().processes) gauge.set({ process: name }, memoryBytes);
  });
  metrics.gauge('process_running', '1 while the process is at work.', LABELS, (gauge) => {
    for (const { name, state } of status().processes) gauge.set({ process: name }, state === 'running' ? 1 : 0);
  });
  metrics.observedCounter('process_restarts_total', 'How often the process had to be started again.', LABELS, (add) => {
    for (const { name, restarts } of status().processes) add({ process: name }, restarts);
  });
  metrics.gauge('earlier_run_killed', '1 when the run before this one ended without notice.', [], (gauge) => {
    gauge.set(status().earlierRun === undefined ? 0 : 1);
  });
}
