import { accountForPostgres } from '../storage/embedded/postgres-account.ts';
import { exposeCollector } from './collector/metrics/collector-metrics.ts';
import { openFamilies, snmpCredentials } from './collector/families.ts';
import { openDatabase, type OpenDatabase, openStorage } from './collector/open-storage.ts';
import { giveUpRoot } from './collector/privileges.ts';
import { type Parts, statusOf } from './collector/status-of.ts';
import type { Config } from './config/schema.ts';
import { HttpServer } from './console/http-server.ts';
import type { CollectorStatus } from './console/status.ts';
import type { MibLoader } from './mibs/mib-loader.ts';
import { tuneEngine } from './runtime/engine.ts';
import { Lifecycle, withTimeout } from './runtime/lifecycle.ts';
import type { Log } from './runtime/log.ts';
import { Metrics } from './runtime/metrics.ts';

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

/** The longest that one part may take to stop; all together stay below ten seconds. */
const STOP_PART_MS = 5000;
const FIRST_NAMES_MS = 5000;

/**
 * The composition root: everything that a node runs, in the order in which it starts; it stops in reverse, so that a
 * datagram that was received finds every room behind it still open.
 *
 *   database ─▶ schema ─▶ journal ─▶ writer ─▶ decoders ─▶ listeners ─▶ HTTP
 */
export function buildCollector(config: Config, log: Log): Collector {
  const lifecycle = new Lifecycle(log, STOP_PART_MS);
  let database: OpenDatabase | undefined;
  let parts: Parts | undefined;
  const currentParts = (): Parts => {
    if (parts === undefined) throw new Error('the collector has not been started');
    return parts;
  };

  async function start(): Promise<void> {
    tuneEngine();
    const credentials = snmpCredentials(config);
    const account = await accountForPostgres(config.runAs);
    database = await openDatabase(config, lifecycle, log);
    const storage = await openStorage(config, database.address, account, lifecycle, log);
    const families = await openFamilies(config, credentials, storage.journal, database.address, lifecycle, log);
    parts = { config, database, ...storage, ...families, startedAt: new Date().toISOString() };
    const metrics = new Metrics();
    exposeCollector(
      metrics,
      () => statusOf(currentParts()),
      () => families.flow.decoder.exporters(),
    );
    await lifecycle.start(new HttpServer(config.http, metrics, status));
    if (account !== undefined) {
      await firstNames(families.mibs);
      giveUpRoot(account);
    }
  }

  async function status(): Promise<CollectorStatus> {
    const current = currentParts();
    await Promise.all(current.listeners.datagram.map((listener) => listener.readKernelDrops()));
    return statusOf(current);
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

/** The thread that compiles MIB files reads the program's own files as it starts: before they may be out of its reach. */
async function firstNames(mibs: MibLoader): Promise<void> {
  await withTimeout(mibs.loaded, FIRST_NAMES_MS, mibs.name).catch(() => {});
}
