import { DatabaseUpkeep } from '../../storage/database/upkeep.ts';
import { RecentTimesUpkeep } from '../../storage/database/text-search/recent-times.ts';
import { TextSearchUpkeep } from '../../storage/database/text-search/text-search-upkeep.ts';
import type { DatabaseAddress } from '../../storage/database/database.ts';
import { EmbeddedPostgres } from '../../storage/embedded/embedded-postgres.ts';
import { type Account, makeOwnDirectory } from '../../storage/embedded/postgres-account.ts';
import { Journal } from '../../storage/journal/journal.ts';
import { Writer } from '../../storage/writer.ts';
import { maskUrl } from '../config/mask.ts';
import type { Config } from '../config/schema.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Component, Lifecycle } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import { journalOptions, retentionOptions } from './options.ts';

export interface OpenDatabase {
  readonly address: DatabaseAddress;
  readonly description: string;
  /** The command line that opens it. */
  readonly psql: string | undefined;
  /** Ends, without waiting, a server of our own. */
  abandon(): void;
}

/** Everything behind the decoders, started. */
export interface OpenStorage {
  readonly upkeep: DatabaseUpkeep;
  readonly journal: Journal;
  readonly writer: Writer;
  readonly textSearch: TextSearchUpkeep;
}

/** On stop, how long the writer may go on with what is in the journal; the rest is written after the next start. */
const DRAIN_MS = 4000;
/** Batches older than this that are not written yet are a backlog. */
const BACKLOG_MS = 5000;

/** The configured server, or one of our own, started. */
export async function openDatabase(config: Config, lifecycle: Lifecycle, log: Log): Promise<OpenDatabase> {
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

/** Schema, journal and writer, in this order. */
export async function openStorage(
  config: Config,
  address: DatabaseAddress,
  account: Account | undefined,
  lifecycle: Lifecycle,
  log: Log,
): Promise<OpenStorage> {
  const upkeep = new DatabaseUpkeep(address, retentionOptions(config), systemClock, log);
  await lifecycle.start(upkeep);
  await makeOwnDirectory(config.journal.directory, account);
  const journal = new Journal(journalOptions(config), systemClock, log);
  await lifecycle.start(journalComponent(journal, log));
  const { node, retention, writer: writing } = config;
  const options = {
    address,
    node: node.name,
    partitionBy: retention.partitionBy,
    connections: writing.connections,
  };
  const writer = new Writer(journal, options, systemClock, log);
  await lifecycle.start(drainingWriter(writer));
  const textSearch = new TextSearchUpkeep(address, { holdBack: () => backlogOf(journal) }, systemClock, log);
  await lifecycle.start(textSearch);
  await lifecycle.start(new RecentTimesUpkeep(address, systemClock, log));
  return { upkeep, journal, writer, textSearch };
}

/** Why an index should not be built now: what waits to be written comes first. */
function backlogOf(journal: Journal): string | undefined {
  const { oldestMs } = journal.depth();
  return oldestMs > BACKLOG_MS ? 'batches wait to be written' : undefined;
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
