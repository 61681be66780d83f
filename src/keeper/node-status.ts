import manifest from '../../package.json' with { type: 'json' };
import type { CollectorStatus, EarlierRun, ProcessStatus, SharedQueueStatus } from '../console/status.ts';
import type { MaintenanceReport } from '../maintenance/maintenance-report.ts';
import { storageReasons } from '../console/status/storage-status.ts';
import type { WorkerReport } from '../worker/worker-report.ts';
import { addReports } from './add-reports.ts';

/** What a status is made of. */
export interface NodeFacts {
  readonly node: string;
  readonly startedAt: string;
  readonly database: CollectorStatus['database'];
  readonly isMigrated: boolean;
  /** Of the workers, those that have ended included; at least one. */
  readonly reports: readonly WorkerReport[];
  readonly maintenance: MaintenanceReport;
  readonly processes: readonly ProcessStatus[];
  readonly earlierRun: EarlierRun | undefined;
}

/** Makes one status of what all processes of the node say. */
export function nodeStatus(facts: NodeFacts): CollectorStatus {
  const { isMigrated, maintenance, processes } = facts;
  const sum = addReports(facts.reports);
  const reasons = reasonsAgainstReadiness(facts, sum);
  return {
    node: facts.node,
    version: manifest.version,
    pid: process.pid,
    startedAt: facts.startedAt,
    ready: reasons.length === 0,
    reasons,
    warnings: [
      ...sum.journal.warnings,
      ...queueWarnings(sum.queue),
      ...troubledProcesses(processes),
      ...maintenanceWarnings(maintenance),
    ],
    listeners: sum.listeners,
    flow: sum.flow,
    syslog: { ...sum.syslog, search: maintenance.search },
    snmp: { ...sum.snmp, polls: maintenance.polling.polls, pollFailures: maintenance.polling.failures },
    journal: sum.journal,
    queue: sum.queue,
    writer: isMigrated ? sum.writer : { ...sum.writer, state: 'connecting' },
    database: facts.database,
    processes,
    earlierRun: facts.earlierRun,
    storage: maintenance.storage,
    jobs: maintenance.jobs,
  };
}

function reasonsAgainstReadiness({ isMigrated, processes }: NodeFacts, { reasons }: WorkerReport): string[] {
  const all = processes
    .filter(({ name, state }) => name.startsWith('worker') && state !== 'running')
    .map(({ name, state, trouble }) => `${name} is ${trouble === undefined ? state : `not running: ${trouble}`}`);
  if (!isMigrated) all.push('the database has not been reached since the start; the journal takes what arrives');
  return [...all, ...(isMigrated ? reasons : reasons.filter((reason) => !reason.startsWith('the database')))];
}

/** Processes without which nothing is lost, as long as it does not last. */
function troubledProcesses(processes: readonly ProcessStatus[]): string[] {
  return processes
    .filter(({ name, trouble }) => !name.startsWith('worker') && trouble !== undefined)
    .map(({ name, trouble }) => `${name}: ${trouble}`);
}

function maintenanceWarnings({ trouble, storage }: MaintenanceReport): string[] {
  return [
    ...(trouble === undefined ? [] : [`maintenance jobs do not run: ${trouble}`]),
    ...(storage === undefined ? [] : storageReasons(storage)),
  ];
}

function queueWarnings(queue: SharedQueueStatus | undefined): string[] {
  if (queue === undefined || queue.state === 'well') return [];
  const why = queue.lastError === undefined ? '' : ` (${queue.lastError})`;
  return [`Redis is ${queue.state}${why}: batches go to the journal of this node`];
}
