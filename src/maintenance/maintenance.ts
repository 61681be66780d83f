import { connect, type DatabaseAddress, disconnect } from '../../storage/database/database.ts';
import { Fold, type FoldStatus } from '../../storage/fold/fold.ts';
import type { FoldStep } from '../../storage/fold/fold-step.ts';
import { FlowRollups, NoRollups } from '../../storage/rollups/flow-rollups.ts';
import { expireRollups } from '../../storage/rollups/rollup-partitions.ts';
import { sqlFile } from '../../storage/database/sql.ts';
import { StoredRows } from '../../storage/losses/stored-rows.ts';
import { SchemaUpkeep } from '../../storage/database/schema-upkeep.ts';
import { RecentTimesUpkeep } from '../../storage/database/text-search/recent-times.ts';
import { type TextSearchStatus, TextSearchUpkeep } from '../../storage/database/text-search/text-search-upkeep.ts';
import { pollerOptions, retentionOptions } from '../collector/options.ts';
import type { Config } from '../config/schema.ts';
import type { SnmpCredentials } from '../config/snmp-credentials.ts';
import type { StorageStatus } from '../console/status/storage-status.ts';
import { Poller, type PollerTotals } from '../polling/poller.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Lifecycle } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Job } from './job.ts';
import type { JobQueuePlace } from './job-queue.ts';
import { JobScheduler, type JobSchedulerStatus } from './job-scheduler.ts';
import { StorageJob } from './jobs/storage-job.ts';

export interface MaintenanceParts {
  /** Where the schedule is kept; in the database itself where none is given. */
  readonly place?: JobQueuePlace;
  /** Why indexes should not be built now, in words: something else needs the database more. */
  readonly holdBack?: () => string | undefined;
}

/** What maintenance says of itself; plain data. */
export interface MaintenanceStatus extends JobSchedulerStatus {
  readonly search: TextSearchStatus;
  readonly polling: PollerTotals;
  /** Undefined until it was looked at here: another process may be the owner. */
  readonly storage: StorageStatus | undefined;
  /** Of rollups and the loss ledger. */
  readonly fold: FoldStatus;
}

export interface Maintenance {
  status(): MaintenanceStatus;
  /** From the next round on. */
  replacePollRules(rules: SnmpCredentials['polling']): void;
}

const POLL_EVERY_MS = 30_000;
const INDEX_EVERY_MS = 60_000;
const RECENT_EVERY_MS = 5000;
const EXPIRE_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
const EXPIRE_LOSSES = sqlFile('expire-losses');

/**
 * Everything that is done for all nodes by one process at a time, started: schema, partitions and retention, indexes, polling, and
 * `extraJobs`. Jobs wait for the schema.
 * @throws DogwatchError `SCHEMA_NEWER`, `SCHEMA_CHANGED`
 */
export async function openMaintenance(
  config: Config,
  credentials: SnmpCredentials,
  address: DatabaseAddress,
  extraJobs: readonly Job[],
  lifecycle: Lifecycle,
  log: Log,
  parts: MaintenanceParts = {},
): Promise<Maintenance> {
  const { place = { kind: 'postgres', address }, holdBack } = parts;
  const schema = new SchemaUpkeep(address, systemClock, log);
  await lifecycle.start(schema);
  const storage = new StorageJob(
    address,
    { ...retentionOptions(config), ...sizeLimits(config), ...embeddedDirectory(config) },
    systemClock,
    log,
  );
  const textSearch = new TextSearchUpkeep(address, holdBack === undefined ? {} : { holdBack }, systemClock, log);
  const recentTimes = new RecentTimesUpkeep(address, systemClock, log);
  const poller = new Poller(address, credentials.polling, pollerOptions(config), systemClock, log);
  const fold = new Fold(address, foldSteps(config), systemClock, log);
  const jobs: Job[] = [
    storage,
    { name: 'search-indexes', everyMs: INDEX_EVERY_MS, run: (signal) => textSearch.runRound(signal) },
    { name: 'recent-times', everyMs: RECENT_EVERY_MS, run: () => recentTimes.runRound() },
    { name: 'polling', everyMs: POLL_EVERY_MS, run: (signal) => poller.runRound(signal) },
    fold,
    { name: 'rollup-retention', everyMs: EXPIRE_EVERY_MS, run: () => expire(address, config, log) },
    { name: 'loss-retention', everyMs: EXPIRE_EVERY_MS, run: () => expireLosses(address, config) },
    ...extraJobs,
  ];
  const scheduler = new JobScheduler(
    jobs,
    { place, address, holdBack: () => (schema.isMigrated ? undefined : 'the schema is not up to date yet') },
    systemClock,
    log,
  );
  // Not started: its rounds are a job. It closes its connection when it is stopped.
  await lifecycle.start({ name: recentTimes.name, start: () => Promise.resolve(), stop: () => recentTimes.stop() });
  await lifecycle.start(scheduler);
  return {
    status: () => ({
      ...scheduler.status,
      search: textSearch.status,
      polling: { ...poller.totals },
      storage: storage.status,
      fold: fold.status,
    }),
    replacePollRules: (rules) => poller.replaceRules(rules),
  };
}

/** The embedded database is on the same file system. */
function embeddedDirectory({ database, stateDirectory }: Config) {
  return database.url === undefined ? { dataDirectory: stateDirectory } : {};
}

function sizeLimits({ retention: { maxBytes } }: Config) {
  const { total, flows, counterSamples, syslog, traps } = maxBytes;
  const given = { flows, counter_samples: counterSamples, syslog_messages: syslog, snmp_traps: traps };
  const tables = Object.fromEntries(
    Object.entries(given).flatMap(([table, bytes]) => (bytes === undefined ? [] : [[table, bytes] as const])),
  );
  return { maxBytes: { tables, ...(total === undefined ? {} : { total }) } };
}

async function expire(address: DatabaseAddress, { retention }: Config, log: Log): Promise<void> {
  const { minute, tenMinutes, hour } = retention.rollups;
  const days = { minute: minute / DAY_MS, tenMinutes: tenMinutes / DAY_MS, hour: hour / DAY_MS };
  const client = await connect(address);
  try {
    const dropped = await expireRollups(client, days, systemClock.nowMicros());
    if (dropped.length > 0) log.info({ dropped }, 'dropped rollups that were over age');
  } finally {
    await disconnect(client);
  }
}

async function expireLosses(address: DatabaseAddress, { retention }: Config): Promise<void> {
  const client = await connect(address);
  try {
    await client.query(EXPIRE_LOSSES, [new Date(systemClock.nowMicros() / 1000 - retention.losses)]);
  } finally {
    await disconnect(client);
  }
}

function foldSteps({ rollups, retention }: Config): FoldStep[] {
  const keepMinuteMicros = retention.rollups.minute * 1000;
  const flows = rollups.enabled ? [new FlowRollups(rollups.top, keepMinuteMicros, systemClock)] : [new NoRollups()];
  return [...flows, new StoredRows()];
}
