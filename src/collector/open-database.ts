import type { DatabaseAddress } from '../../storage/database/database.ts';
import { EmbeddedPostgres } from '../../storage/embedded/embedded-postgres.ts';
import { maskUrl } from '../config/mask.ts';
import type { Config } from '../config/schema.ts';
import type { Lifecycle } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';

export interface OpenDatabase {
  readonly address: DatabaseAddress;
  readonly description: string;
  /** The command line that opens it. */
  readonly psql: string | undefined;
  /** Ends, without waiting, a server of our own. */
  abandon(): void;
}

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
