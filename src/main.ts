import { UdpListener } from '../collectors/listener/udp-listener.ts';
import type { DatabaseAddress } from '../storage/database/database.ts';
import { EmbeddedPostgres } from '../storage/embedded/embedded-postgres.ts';
import { Journal } from '../storage/journal/journal.ts';
import { accountForPostgres, makeOwnDirectory } from '../storage/embedded/postgres-account.ts';
import { DatabaseUpkeep } from '../storage/database/upkeep.ts';
import { Writer } from '../storage/writer.ts';
import { exposeCollector } from './collector/collector-metrics.ts';
import { FlowPipeline } from './collector/flow-pipeline.ts';
import { flowPipelineOptions, journalOptions, retentionOptions } from './collector/options.ts';
import { giveUpRoot } from './collector/privileges.ts';
import { type Parts, statusOf } from './collector/status-of.ts';
import { maskUrl } from './config/mask.ts';
import type { Config } from './config/schema.ts';
import type { DatagramListener } from './config/schema/listeners.ts';
import { HttpServer } from './console/http-server.ts';
import type { CollectorStatus } from './console/status.ts';
import { systemClock } from './runtime/clock.ts';
import { boundCompilerMemory } from './runtime/engine.ts';
import { type Component, Lifecycle } from './runtime/lifecycle.ts';
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
/** On stop, how long the writer may go on with what is in the journal; the rest is written after the next start. */
const DRAIN_MS = 4000;

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
    boundCompilerMemory();
    const account = await accountForPostgres(config.runAs);
    database = await openDatabase(config, lifecycle, log);
    const upkeep = new DatabaseUpkeep(database.address, retentionOptions(config), systemClock, log);
    await lifecycle.start(upkeep);
    await makeOwnDirectory(config.journal.directory, account);
    const journal = new Journal(journalOptions(config), systemClock, log);
    await lifecycle.start(journalComponent(journal, log));
    const { node, retention, writer: writing } = config;
    const writer = new Writer(
      journal,
      {
        address: database.address,
        node: node.name,
        partitionBy: retention.partitionBy,
        connections: writing.connections,
      },
      systemClock,
      log,
    );
    await lifecycle.start(drainingWriter(writer));
    const flow = new FlowPipeline(flowPipelineOptions(config), journal, systemClock, log);
    await lifecycle.start(flow);
    const listeners = config.listeners.flatMap((listener) =>
      listener.family === 'flow' && listener.transport === 'udp' ? newListener(listener, config, flow, log) : [],
    );
    for (const listener of listeners) await lifecycle.start(listener);
    parts = { config, database, upkeep, journal, writer, flow, listeners, startedAt: new Date().toISOString() };
    const metrics = new Metrics();
    exposeCollector(
      metrics,
      () => statusOf(currentParts()),
      () => flow.decoder.exporters(),
    );
    await lifecycle.start(new HttpServer(config.http, metrics, status));
    if (account !== undefined) giveUpRoot(account);
  }

  async function status(): Promise<CollectorStatus> {
    const current = currentParts();
    await Promise.all(current.listeners.map((listener) => listener.readKernelDrops()));
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

interface OpenDatabase {
  readonly address: DatabaseAddress;
  readonly description: string;
  /** The command line that opens it. */
  readonly psql: string | undefined;
  abandon(): void;
}

/** The configured server, or one of our own, started. */
async function openDatabase(config: Config, lifecycle: Lifecycle, log: Log): Promise<OpenDatabase> {
  const { url } = config.database;
  if (url !== undefined) {
    const description = `external, ${maskUrl(url)}`;
    return { address: { connectionString: url }, description, psql: undefined, abandon() {} };
  }
  const { port, settings } = config.database.embedded;
  const server = new EmbeddedPostgres(
    {
      stateDirectory: config.stateDirectory,
      accountName: config.runAs,
      settings: Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
      ...(port === undefined ? {} : { tcpPort: port }),
    },
    log,
  );
  await lifecycle.start(server);
  return {
    address: server.address,
    description: `embedded PostgreSQL, data in ${config.stateDirectory}`,
    psql: `psql '${server.connectionString}'`,
    abandon: () => server.abandon(),
  };
}

function newListener(options: DatagramListener, config: Config, flow: FlowPipeline, log: Log): UdpListener {
  const { family, address, port, receiveBuffer, allowFrom } = options;
  return new UdpListener(
    { family, address, port, receiveBufferBytes: receiveBuffer, allowFrom: allowFrom ?? config.allowFrom },
    systemClock,
    (datagram) => flow.receive(datagram),
    log,
  );
}

function journalComponent(journal: Journal, log: Log): Component {
  return {
    name: 'journal',
    async start() {
      const { torn, ...found } = await journal.open();
      if (torn !== undefined) log.warn({ ...torn }, 'cut off a batch that was never accepted, from a crash');
      if (found.batches > 0) log.info(found, 'writing what an earlier run left in the journal');
    },
    stop: () => journal.close(),
  };
}

/** The writer, which on stop first gets some time for what the journal holds. */
function drainingWriter(writer: Writer): Component {
  return {
    name: writer.name,
    start: () => writer.start(),
    async stop() {
      if (writer.isHealthy) await writer.drain(DRAIN_MS);
      await writer.stop();
    },
  };
}
