import manifest from '../package.json' with { type: 'json' };
import { EngineIdentity } from '../collectors/snmp/usm/engines/engine-identity.ts';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SelfWatch } from './alarms/self-watch.ts';
import { type Account, accountForPostgres, makeOwnDirectory } from '../storage/embedded/postgres-account.ts';
import { type OpenDatabase, openDatabase } from './collector/open-database.ts';
import { engineStoreOptions, journalDirectory } from './collector/options.ts';
import { SchemaUpkeep } from '../storage/database/schema-upkeep.ts';
import { HangUpRelay } from './keeper/hang-up-relay.ts';
import { controlAnswerers } from './control/control-answerers.ts';
import { controlPath, ControlServer } from './control/control-server.ts';
import { buildPair } from './pair/build-pair.ts';
import { EventLog } from './pair/events/event-log.ts';
import type { PairNode } from './pair/pair-node.ts';
import { sessionsOf } from './pair/sessions.ts';
import { inviter } from './setup/join/inviter.ts';
import { withVirtualListeners } from './pair/address/virtual-listeners.ts';
import { WarmArchive } from './pair/warm/warm-archive.ts';
import { SnmpEngineStore } from './collector/snmp/snmp-engine-store.ts';
import { giveUpRoot } from './collector/privileges.ts';
import type { LoadedConfig } from './config/load.ts';
import { namedFiles } from './config/named-files.ts';
import type { Config } from './config/schema.ts';
import type { CollectorStatus } from './console/status.ts';
import { Attendants } from './keeper/attendants.ts';
import { HeldSockets } from './keeper/held-sockets.ts';
import { type NodeFacts, nodeStatus } from './keeper/node-status.ts';
import { processStatuses } from './keeper/process-status.ts';
import { RunRecord } from './keeper/run-record.ts';
import { programFiles, whatAccountCannotReach } from './keeper/reach.ts';
import { WarmStore } from './keeper/warm-store.ts';
import { Workers } from './keeper/workers.ts';
import { systemClock } from './runtime/clock.ts';
import { DirectTelling } from './notifications/direct-telling.ts';
import { DogwatchError } from './runtime/errors.ts';
import { Lifecycle } from './runtime/lifecycle.ts';
import type { Log, ProcessLog } from './runtime/log.ts';
import { HangUpReload } from './settings/hang-up-reload.ts';
import { Reloader } from './settings/reloader.ts';
import { RevisionStore } from './settings/revision-store.ts';
import { settingsAnswerers } from './settings/settings-answerers.ts';
import { SettingsFile } from './settings/settings-file.ts';
import { SharedReload } from './settings/shared-reload.ts';

export interface Collector {
  /** @throws DogwatchError with what to do about it; what had been started is stopped again */
  start(): Promise<void>;
  /** Writes what was accepted as far as the database takes it in time, then stops everything that `start` started. */
  stop(): Promise<void>;
  /** Ends, without waiting, the server that would outlive this process; the next start recovers it and the journal. */
  abandon(): void;
  /** Also valid after `stop`. */
  status(): Promise<CollectorStatus>;
}

const { version } = manifest;
/** The folder of `package.json`. */
const PROGRAM = fileURLToPath(new URL('..', import.meta.url));
/** The longest that one part may take to stop; all together stay below ten seconds. */
const STOP_PART_MS = 8000;

/**
 * The composition root of the keeper: the process that a user starts. It owns what must outlive the others (sockets, the
 * embedded PostgreSQL, what decoders have learnt) and their lives; it parses no data, so that no load and no datagram stops it.
 *
 *   database ─▶ schema ─▶ sockets ─▶ root given up ─▶ workers ─▶ console and maintenance
 *
 * Stopping goes the other way round, but for the sockets: they are closed here first, so that nothing is accepted any more
 * that no worker would read.
 * @param load the settings anew, from where `given` came; `text` in place of what the file holds
 * @param say takes whole lines of the children's standard error: their logs, and what they say as they die
 */
export function buildCollector(
  given: Config,
  log: ProcessLog,
  say: (text: string) => void,
  load: (text?: string) => LoadedConfig,
): Collector {
  const config = withVirtualListeners(given);
  const isGated = config.ha !== undefined;
  const lifecycle = new Lifecycle(log, STOP_PART_MS);
  const workerCount = config.workers === 'auto' ? Math.max(1, availableParallelism() - 1) : config.workers;
  const startedAt = new Date().toISOString();
  let database: OpenDatabase | undefined;
  let facts: (() => Promise<NodeFacts>) | undefined;
  let pair: PairNode | undefined;
  let shared: SharedReload | undefined;
  let selfWatch: SelfWatch | undefined;

  async function start(): Promise<void> {
    const account = await accountForPostgres(config.runAs);
    database = await openDatabase(config, lifecycle, log);
    const schema = new SchemaUpkeep(database.address, systemClock, log);
    await lifecycle.start(schema);
    await makeJournalDirectories(config, workerCount, account);
    const sockets = new HeldSockets(config.listeners, workerCount, log);
    // A node of a pair listens when its role says so.
    if (!isGated) await sockets.start();
    const engineStore = new SnmpEngineStore(engineStoreOptions(config, database.address), systemClock, log);
    await lifecycle.start(engineStore);
    const engine = new EngineIdentity(engineStore, systemClock);
    await engine.start();
    const record = new RunRecord(join(config.stateDirectory, 'run.json'), systemClock, log);
    await lifecycle.start(record);
    // While the directory can still be written to.
    const commands = {
      ...controlAnswerers(() => pair, inviter(given, version, log)),
      ...settingsAnswerers(() => shared ?? notYet()),
    };
    await lifecycle.start(new ControlServer(controlPath(config.stateDirectory), commands, account, log));
    const remaining = giveUpRootWherePossible(config, account, log);
    const processStart = { config, database: database.address, account: remaining };
    const warm = new WarmStore(() => systemClock.monotonicMs());
    const archive = new WarmArchive(
      config.ha?.pair ?? config.node.name,
      sessionsOf(database.address, 'dogwatch warm state'),
      systemClock,
      log,
      // The other node of a pair has it already.
      () => (isGated ? [] : warm.entries('flow.held')),
    );
    const events = new EventLog(
      { pair: config.ha?.pair ?? config.node.name, node: config.node.name },
      sessionsOf(database.address, 'dogwatch events'),
      systemClock,
      log,
    );
    await lifecycle.start(events);
    warm.merge(await archive.load());
    if (!isGated) warm.inherit(0);
    await lifecycle.start(archive);
    warm.onTold = (entries) => {
      archive.changed(entries);
      pair?.told(entries);
    };
    const workerStart = { ...processStart, engine: engine.share(), isGated };
    const workers = new Workers(workerStart, workerCount, sockets, warm, say, systemClock, log);
    const attendants = new Attendants(processStart, workers, status, say, systemClock, log, isGated);
    facts = async () => ({
      node: config.node.name,
      startedAt,
      database: { description: database?.description ?? '', psql: database?.psql },
      isMigrated: schema.isMigrated,
      reports: await workers.ask(),
      maintenance: await attendants.maintenanceReport(),
      processes: await processStatuses([...workers.processes, attendants.console, attendants.maintenance]),
      earlierRun: record.earlier,
      pair: pair?.status(),
      alarms: selfWatch?.alarms,
    });
    await lifecycle.start({
      name: workers.name,
      start: () => workers.start(),
      async stop() {
        await sockets.stop();
        await workers.stop();
      },
    });
    await lifecycle.start(attendants);
    await lifecycle.start(new HangUpRelay([...workers.children, attendants.maintenance]));
    const reloader = new Reloader(
      given,
      {
        load: () => load().config,
        effective: withVirtualListeners,
        openSockets: ({ listeners }) => sockets.change(listeners),
        pruneSockets: async () => sockets.prune(),
        replaceWorkers: (next) => workers.replace(next),
        replaceConsole: (next) => attendants.replaceConsole(next),
        replaceMaintenance: (next) => attendants.replaceMaintenance(next),
        async takeHere(next) {
          log.changeLevel(next.log.level);
          selfWatch?.change(next.alarms.lossPerMinute);
          if (next.ha !== undefined) await pair?.changeAddresses(next.ha.virtualAddresses);
        },
      },
      log,
    );
    const pairName = config.ha?.pair ?? config.node.name;
    const revisions = new RevisionStore(pairName, sessionsOf(database.address, 'dogwatch settings'), systemClock, log);
    await lifecycle.start(revisions);
    const { file } = load().sources;
    shared = new SharedReload(
      {
        node: config.node.name,
        reloader,
        file: file === undefined ? undefined : new SettingsFile(file),
        load,
        peer: () => pair?.settingsPeer,
        revisions,
        tell: (summary, details) => void events.add('settings', pair?.epoch ?? 0, summary, details),
      },
      log,
    );
    await lifecycle.start(new HangUpReload(reloader, shared, log));
    selfWatch = new SelfWatch(
      {
        node: config.node.name,
        journalDirectory: config.journal.directory,
        lossPerMinute: config.alarms.lossPerMinute,
        repeatAfterMs: config.notify.repeatAfter,
      },
      status,
      events,
      systemClock,
      log,
    );
    await lifecycle.start(selfWatch);
    await lifecycle.start(directTelling(attendants, events, () => reloader.accepted.notify));
    if (config.ha === undefined) {
      shared.note();
      return;
    }
    const settings = (): Config => withVirtualListeners(reloader.accepted);
    const parts = {
      version,
      database: database.address,
      sockets,
      workers,
      attendants,
      warm,
      archive,
      engine,
      events,
      settings,
    };
    const isMigrated = (): boolean => schema.isMigrated;
    pair = buildPair(config, config.ha, { ...parts, shared, isMigrated, status }, log);
    // Last, so that it stops first: the peer takes over while all else is still there.
    await lifecycle.start(pair);
  }

  function directTelling(attendants: Attendants, events: EventLog, notify: () => Config['notify']): DirectTelling {
    return new DirectTelling(
      {
        pair: config.ha?.pair ?? config.node.name,
        notify,
        mayTell: () => !isGated || pair?.leads === true,
        status: () => pair?.status(),
        tell: (notification, done) => attendants.tell(notification, done, longestTellingMs(notify())),
      },
      events,
      systemClock,
      log,
    );
  }

  async function status(): Promise<CollectorStatus> {
    if (facts === undefined) throw new Error('the collector has not been started');
    return nodeStatus(await facts());
  }

  return {
    async start() {
      try {
        await start();
      } catch (error) {
        await lifecycle.stop();
        throw error;
      }
    },
    stop: () => lifecycle.stop(),
    abandon: () => database?.abandon(),
    status,
  };
}

/** Channels are told one after the other, a mail server over twice the time-out. */
function longestTellingMs({ timeout, webhooks }: Config['notify']): number {
  return (2 + webhooks.length) * timeout + 5000;
}

function notYet(): never {
  throw new DogwatchError('STARTING', 'the collector is still starting', { remedy: 'ask again in a moment' });
}

/** Each worker's folder, which belongs to whoever goes on. */
async function makeJournalDirectories(config: Config, workers: number, account: Account | undefined): Promise<void> {
  await makeOwnDirectory(config.journal.directory, account);
  await makeOwnDirectory(join(config.journal.directory, config.node.name), account);
  for (let index = 0; index < workers; index += 1) await makeOwnDirectory(journalDirectory(config, index), account);
}

/**
 * Gives up root where the account that goes on can reach all that a process needs when it is started again.
 * @returns whom the children have to become, if they are started as root
 */
function giveUpRootWherePossible(config: Config, account: Account | undefined, log: Log): Account | undefined {
  if (account === undefined) return undefined;
  if (config.ha !== undefined) {
    log.info(
      { account: account.name },
      'the keeper stays root, since it opens ports and moves the virtual IP later; all other processes give it up',
    );
    return account;
  }
  const unreachable = whatAccountCannotReach(account, [
    ...programFiles(PROGRAM),
    ...namedFiles(config).map(({ path }) => path),
  ]);
  if (unreachable === undefined) {
    giveUpRoot(account);
    return undefined;
  }
  const remedy = `Install Dogwatch where the account ${account.name} can read it, such as /opt, and let it read the files that the configuration names.`;
  log.warn({ unreachable, remedy }, 'the keeper stays root, so that it can start processes again; these give it up');
  return account;
}
