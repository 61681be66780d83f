import type { AlarmStatus } from '../alarms/alarm.ts';
import type { PairStatus } from '../pair/pair-status.ts';
import manifest from '../../package.json' with { type: 'json' };
import type { CollectorStatus, EarlierRun, ProcessStatus, SharedQueueStatus } from '../console/status.ts';
import type { MaintenanceReport } from '../maintenance/maintenance-report.ts';
import { storageReasons } from '../console/status/storage-status.ts';
import type { WorkerReport } from '../worker/worker-report.ts';
import { addReports } from './add-reports.ts';

const SILENT_MS = 5000;

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
  readonly pair?: PairStatus | undefined;
  readonly earlierRun: EarlierRun | undefined;
  readonly alarms?: readonly AlarmStatus[] | undefined;
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
      ...pairWarnings(facts.pair),
    ],
    alarms: facts.alarms ?? [],
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
    ...(facts.pair === undefined ? {} : { pair: facts.pair }),
    storage: maintenance.storage,
    jobs: maintenance.jobs,
  };
}

function reasonsAgainstReadiness({ isMigrated, processes, pair }: NodeFacts, { reasons }: WorkerReport): string[] {
  const all = processes
    .filter(({ name, state }) => name.startsWith('worker') && state !== 'running')
    .map(({ name, state, trouble }) => `${name} is ${trouble === undefined ? state : `not running: ${trouble}`}`);
  const { role, readiness } = pair?.own ?? {};
  if (role === 'standby')
    for (const { name, state, found } of readiness?.findings ?? [])
      if (state === 'fail') all.push(`it could not take over: ${name}: ${found}`);
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

/** What the operator should know before the other node is needed. */
function pairWarnings(pair: PairStatus | undefined): string[] {
  if (pair === undefined) return [];
  const { own, peer, peerName, link } = pair;
  if (own.role === 'standby') return [];
  if (peer === undefined || link.heardMsAgo === undefined || link.heardMsAgo > SILENT_MS)
    return [
      `nobody could take over: ${peerName} is not heard${link.trouble === undefined ? '' : ` (${link.trouble})`}`,
    ];
  const fails = peer.readiness.findings.filter(({ state }) => state === 'fail');
  return fails.map(({ name, found }) => `${peerName} could not take over: ${name}: ${found}`);
}

function queueWarnings(queue: SharedQueueStatus | undefined): string[] {
  if (queue === undefined || queue.state === 'well') return [];
  const why = queue.lastError === undefined ? '' : ` (${queue.lastError})`;
  return [`Redis is ${queue.state}${why}: batches go to the journal of this node`];
}
