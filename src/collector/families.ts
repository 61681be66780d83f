import type { SharedEngine } from '../../collectors/snmp/usm/engines/engine-identity.ts';
import type { WarmState } from '../../collectors/warm-state.ts';
import type { GivenSocket } from '../../collectors/listener/given-socket.ts';
import { DeviceClockTable } from '../../collectors/syslog/clock/device-clock-table.ts';
import { DeviceZones } from '../../collectors/syslog/clock/device-zones.ts';
import { SyslogRules } from '../../collectors/syslog/filter/syslog-rules.ts';
import type { DatabaseAddress } from '../../storage/database/database.ts';
import type { DraftStore } from '../../storage/journal/drafts/draft-store.ts';
import type { Queue } from '../../storage/queue.ts';
import type { Config } from '../config/schema.ts';
import { NO_CREDENTIALS, readSnmpCredentials, type SnmpCredentials } from '../config/snmp-credentials.ts';
import { MibLoader } from '../mibs/mib-loader.ts';
import { systemClock } from '../runtime/clock.ts';
import { FileWatch } from '../runtime/file-watch.ts';
import type { Component, Lifecycle } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import { FlowPipeline } from './pipelines/flow-pipeline.ts';
import { InformHistory } from './snmp/inform-history.ts';
import { Listeners } from './listeners.ts';
import type { DroppedRows } from './losses/dropped-rows.ts';
import { LastingAccounts } from './losses/lasting-accounts.ts';
import { SequencePositions } from './losses/sequence-positions.ts';
import { LossAccounts } from './losses/loss-accounts.ts';
import { RowIntake } from './pipelines/row-intake.ts';
import { flowPipelineOptions, rowIntakeOptions, snmpPipelineOptions, syslogPipelineOptions } from './options.ts';
import { SnmpPipeline } from './pipelines/snmp-pipeline.ts';
import { SyslogPipeline } from './pipelines/syslog-pipeline.ts';

/** What receives, started. */
export interface Families {
  readonly flow: FlowPipeline;
  readonly syslog: SyslogPipeline;
  readonly rules: SyslogRules;
  readonly snmp: SnmpPipeline;
  readonly mibs: MibLoader;
  readonly informs: InformHistory;
  readonly listeners: Listeners;
  /** Of a node of a pair. */
  readonly positions: SequencePositions;
  readonly accounts: LastingAccounts;
}

/** What the families stand in. */
export interface FamilySurroundings {
  readonly queue: Queue;
  /** Of the journal: rows of open batches survive the process. */
  readonly drafts: DraftStore;
  /** What the journal lost. */
  readonly dropped: DroppedRows;
  /** Datagrams that the kernel had dropped at the sockets when an earlier worker looked last, in the order of the UDP listeners. */
  readonly kernelDrops: readonly number[];
  readonly database: DatabaseAddress;
  /** Our own SNMP engine. */
  readonly engine: SharedEngine;
  /** What other workers learnt goes into the decoders here, before their sockets are read. */
  readonly warmUp: (states: readonly WarmState[]) => Promise<void>;
  /** Of this worker. */
  readonly journalDirectory: string;
  /** The same, as of now: it may have to move. */
  readonly journalDirectoryNow: () => string;
  /** Those of `config.listeners` that are open already, by their position; the others are opened here. */
  readonly sockets: ReadonlyMap<number, GivenSocket>;
  /** The listeners stay closed until somebody opens them: this node may not be the active one of its pair. */
  readonly isGated: boolean;
  /** Does a step that reads secrets, with the rights that the process was started with. */
  readonly withSecrets: <T>(step: () => Promise<T>) => Promise<T>;
}

/**
 * The families' decoders, and the sockets in front of them: these come last, so that they stop first.
 * @throws DogwatchError `LISTEN_FAILED`, `TLS_…`, `SNMP_…`
 */
export async function openFamilies(
  config: Config,
  credentials: SnmpCredentials,
  surroundings: FamilySurroundings,
  lifecycle: Lifecycle,
  log: Log,
): Promise<Families> {
  const { queue, drafts, database, journalDirectory, engine, sockets } = surroundings;
  const flow = new FlowPipeline(flowPipelineOptions(config), queue, systemClock, log, drafts);
  const rules = new SyslogRules(
    { rules: config.syslog.rules, maxDevices: config.syslog.limits.devices },
    systemClock,
    log,
  );
  const clocks = new DeviceClockTable(config.syslog.limits.devices, systemClock, log);
  const syslog = new SyslogPipeline(
    syslogPipelineOptions(config, syslogParts(config, clocks, rules)),
    queue,
    systemClock,
    log,
    drafts,
  );
  const mibs = new MibLoader(config.snmp.mibDirectory, log);
  const snmp = new SnmpPipeline(
    snmpPipelineOptions(config, credentials),
    { queue, drafts, engine, naming: mibs.names, reply: (bytes, to) => listeners.reply(bytes, to) },
    systemClock,
    log,
  );
  const history = new InformHistory(
    { database, journalDirectory, hasLeftovers: leftoversOf(queue) },
    ({ key, receivedAtMicros }) => snmp.decoder.restoreInform(key, receivedAtMicros),
    systemClock,
    log,
  );
  const listeners = new Listeners(config, { flow, syslog, snmp }, sockets, log);
  const lossIntake = new RowIntake(rowIntakeOptions(config), queue, systemClock, log, drafts);
  const accounts = new LastingAccounts(
    { flow: flow.decoder, syslog: syslog.decoder, snmp: snmp.decoder, dropped: surroundings.dropped },
    {
      directory: surroundings.journalDirectoryNow,
      drafts,
      intake: lossIntake,
      rows: { flow: flow.rows, syslog: syslog.rows, snmp: snmp.rows },
    },
    systemClock,
    log,
  );
  for (const component of [accounts, flow, rules, syslog, mibs, snmp, history]) await lifecycle.start(component);
  const losses = new LossAccounts(
    listeners.datagram,
    {
      flow: (drops) => flow.decoder.spreadKernelDrops(drops),
      syslog: (drops) => syslog.decoder.spreadKernelDrops(drops),
      snmp: (drops) => snmp.decoder.spreadKernelDrops(drops),
    },
    surroundings.dropped,
    queue,
    lossIntake,
    systemClock,
    surroundings.kernelDrops,
  );
  await lifecycle.start(losses);
  const positions = new SequencePositions(flow.decoder, systemClock);
  const ofPair = surroundings.isGated ? [positions] : [];
  for (const component of ofPair) await lifecycle.start(component);
  await surroundings.warmUp([flow.decoder, snmp.decoder, snmp.security, clocks, ...ofPair]);
  await accounts.restore();
  if (surroundings.isGated) await lifecycle.start(gated(listeners));
  else for (const listener of listeners.all) await surroundings.withSecrets(() => lifecycle.start(listener));
  for (const watch of watches(config, { listeners, snmp, mibs }, log)) await lifecycle.start(watch);
  return { flow, syslog, rules, snmp, mibs, informs: history, listeners, positions, accounts };
}

/** Opened by somebody else, when the time has come; closed with everything else. */
function gated(listeners: Listeners): Component {
  listeners.isWanted = false;
  return { name: 'listeners', start: () => Promise.resolve(), stop: () => listeners.close() };
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

function syslogParts(
  { syslog: { timeZone, timeZones, limits, rules } }: Config,
  clocks: DeviceClockTable,
  judge: SyslogRules,
) {
  const maxDevices = limits.devices;
  return {
    zone: new DeviceZones({ timeZone, timeZones, maxDevices }),
    clocks,
    // Without rules not even a look at them is due.
    rules: rules.length === 0 ? undefined : judge,
  };
}

/** What is read again while we run. */
function watches(
  config: Config,
  { listeners, snmp, mibs }: Pick<Families, 'listeners' | 'snmp' | 'mibs'>,
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
      const { users, communities } = readSnmpCredentials(credentialsFile);
      snmp.security.replaceUsers(users);
      snmp.decoder.replaceCommunities(communities);
    };
    found.push(new FileWatch({ what: 'SNMP credentials', files: [credentialsFile] }, reload, systemClock, log));
  }
  return found;
}
