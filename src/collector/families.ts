import { DeviceClockTable } from '../../collectors/syslog/clock/device-clock-table.ts';
import { DeviceZones } from '../../collectors/syslog/clock/device-zones.ts';
import { SyslogRules } from '../../collectors/syslog/filter/syslog-rules.ts';
import type { DatabaseAddress } from '../../storage/database/database.ts';
import type { DraftStore } from '../../storage/journal/drafts/draft-store.ts';
import type { Queue } from '../../storage/queue.ts';
import type { Config } from '../config/schema.ts';
import { NO_CREDENTIALS, readSnmpCredentials, type SnmpCredentials } from '../config/snmp-credentials.ts';
import { MibLoader } from '../mibs/mib-loader.ts';
import { Poller } from '../polling/poller.ts';
import { systemClock } from '../runtime/clock.ts';
import { FileWatch } from '../runtime/file-watch.ts';
import type { Lifecycle } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import { FlowPipeline } from './pipelines/flow-pipeline.ts';
import { InformHistory } from './snmp/inform-history.ts';
import { Listeners } from './listeners.ts';
import { flowPipelineOptions, pollerOptions, snmpPipelineOptions, syslogPipelineOptions } from './options.ts';
import { SnmpEngineStore } from './snmp/snmp-engine-store.ts';
import { SnmpPipeline } from './pipelines/snmp-pipeline.ts';
import { SyslogPipeline } from './pipelines/syslog-pipeline.ts';

/** What receives, started. */
export interface Families {
  readonly flow: FlowPipeline;
  readonly syslog: SyslogPipeline;
  readonly rules: SyslogRules;
  readonly snmp: SnmpPipeline;
  readonly mibs: MibLoader;
  readonly poller: Poller;
  readonly listeners: Listeners;
}

/** Where our SNMP engine is remembered beside the database, below the state directory. */
const ENGINE_FILE = 'snmp-engine.json';

/**
 * The families' decoders, and the sockets in front of them: these come last, so that they stop first.
 * @param drafts of the journal: rows of open batches survive the process
 * @throws DogwatchError `LISTEN_FAILED`, `TLS_…`, `SNMP_…`
 */
export async function openFamilies(
  config: Config,
  credentials: SnmpCredentials,
  queue: Queue,
  database: DatabaseAddress,
  lifecycle: Lifecycle,
  log: Log,
  drafts?: DraftStore,
): Promise<Families> {
  const flow = new FlowPipeline(flowPipelineOptions(config), queue, systemClock, log, drafts);
  const rules = new SyslogRules(
    { rules: config.syslog.rules, maxDevices: config.syslog.limits.devices },
    systemClock,
    log,
  );
  const syslog = new SyslogPipeline(
    syslogPipelineOptions(config, syslogParts(config, rules, log)),
    queue,
    systemClock,
    log,
    drafts,
  );
  const engineStore = new SnmpEngineStore(engineStoreOptions(config, database), systemClock, log);
  const mibs = new MibLoader(config.snmp.mibDirectory, log);
  const snmp = new SnmpPipeline(
    snmpPipelineOptions(config, credentials),
    { queue, drafts, engineStore, naming: mibs.names, reply: (bytes, to) => listeners.reply(bytes, to) },
    systemClock,
    log,
  );
  const history = new InformHistory(
    { database, journalDirectory: config.journal.directory, hasLeftovers: leftoversOf(queue) },
    ({ key, receivedAtMicros }) => snmp.decoder.restoreInform(key, receivedAtMicros),
    systemClock,
    log,
  );
  const listeners = new Listeners(config, { flow, syslog, snmp }, log);
  const poller = new Poller(database, credentials.polling, pollerOptions(config), systemClock, log);
  for (const component of [flow, rules, syslog, engineStore, mibs, snmp, history, ...listeners.all, poller])
    await lifecycle.start(component);
  for (const watch of watches(config, { listeners, snmp, mibs, poller }, log)) await lifecycle.start(watch);
  return { flow, syslog, rules, snmp, mibs, poller, listeners };
}

/** Whether the queue still holds batches that are older than now. */
function leftoversOf(queue: Queue): () => boolean {
  const openedMs = systemClock.monotonicMs();
  return () => queue.depth().oldestMs > systemClock.monotonicMs() - openedMs;
}

/** @throws ConfigError, DogwatchError `CONFIG_UNREADABLE` */
export function snmpCredentials({ snmp: { credentialsFile } }: Config): SnmpCredentials {
  return credentialsFile === undefined ? NO_CREDENTIALS : readSnmpCredentials(credentialsFile);
}

function syslogParts({ syslog: { timeZone, timeZones, limits, rules } }: Config, judge: SyslogRules, log: Log) {
  const maxDevices = limits.devices;
  return {
    zone: new DeviceZones({ timeZone, timeZones, maxDevices }),
    clocks: new DeviceClockTable(maxDevices, systemClock, log),
    // Without rules not even a look at them is due.
    rules: rules.length === 0 ? undefined : judge,
  };
}

function engineStoreOptions({ stateDirectory, node, snmp }: Config, database: DatabaseAddress) {
  const { engineId } = snmp;
  return { file: `${stateDirectory}/${ENGINE_FILE}`, database, node: node.name, engineId };
}

/** What is read again while we run. */
function watches(
  config: Config,
  { listeners, snmp, mibs, poller }: Pick<Families, 'listeners' | 'snmp' | 'mibs' | 'poller'>,
  log: Log,
): FileWatch[] {
  // The time of a folder is that of its last new, renamed or removed file.
  const mibFolder = { what: 'MIB files', files: [config.snmp.mibDirectory] };
  const found = [new FileWatch(mibFolder, () => mibs.reload(), systemClock, log)];
  const { certificateFiles } = listeners;
  if (certificateFiles.length > 0) {
    const options = { what: 'certificates', files: certificateFiles };
    found.push(new FileWatch(options, () => listeners.reloadCertificates(), systemClock, log));
  }
  const { credentialsFile } = config.snmp;
  if (credentialsFile !== undefined) {
    const reload = (): void => {
      const { users, communities, polling } = readSnmpCredentials(credentialsFile);
      snmp.security.replaceUsers(users);
      snmp.decoder.replaceCommunities(communities);
      poller.replaceRules(polling);
    };
    found.push(new FileWatch({ what: 'SNMP credentials', files: [credentialsFile] }, reload, systemClock, log));
  }
  return found;
}
