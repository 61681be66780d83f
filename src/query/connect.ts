import {
  connect,
  describeDatabaseError,
  disconnect,
  sqlStateOf,
  type DatabaseAddress,
  type DatabaseClient,
} from '../../storage/database/database.ts';
import { embeddedAddress } from '../../storage/embedded/embedded-address.ts';
import type { Config } from '../config/schema.ts';
import { DogwatchError, messageOf } from '../runtime/errors.ts';

/**
 * One snapshot for all statements of a question. More memory than the default, since grouping by address makes many
 * groups; and the server looks once a second whether somebody still waits for the answer, so that Ctrl-C ends the query.
 */
const OPEN_SNAPSHOT = `BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
  SET LOCAL work_mem = '64MB'; SET LOCAL client_connection_check_interval = '1s'`;

/** What PostgreSQL's refusals mean to whoever asked; by SQLSTATE. */
const REMEDIES: Readonly<Record<string, string>> = {
  '42P01': 'Start the collector once, or run "dogwatch migrate": both create the tables.',
  '42703': 'The schema is of another version: run "dogwatch migrate".',
  '42501': 'Let the owner of the tables: GRANT SELECT ON ALL TABLES IN SCHEMA public TO the role of database.url',
};

/**
 * Runs `ask` on the database of this configuration, within one read-only transaction.
 * @param name shown in `pg_stat_activity`
 * @throws DogwatchError `NOT_RUNNING` when the database does not answer, `QUERY_FAILED` when it refuses the question
 */
export async function withDatabase<T>(
  config: Config,
  name: string,
  ask: (client: DatabaseClient) => Promise<T>,
): Promise<T> {
  const address = await databaseAddress(config);
  const client = await connect({ ...address, applicationName: name }).catch((cause: unknown) => {
    throw new DogwatchError('NOT_RUNNING', 'the database does not answer', {
      cause,
      remedy: '"dogwatch check" says more about it.',
    });
  });
  try {
    await client.query(OPEN_SNAPSHOT);
    return await ask(client);
  } catch (error) {
    throw explained(error);
  } finally {
    await disconnect(client);
  }
}

async function databaseAddress({ database, stateDirectory }: Config): Promise<DatabaseAddress> {
  if (database.url !== undefined) return { connectionString: database.url };
  const address = await embeddedAddress(stateDirectory).catch((error: unknown) => {
    throw new DogwatchError('NOT_RUNNING', `the collector's database is not for this account: ${messageOf(error)}`, {
      remedy: 'Ask as root, or as the account that runs the collector.',
    });
  });
  if (address !== undefined) return address;
  throw new DogwatchError('NOT_RUNNING', `the collector is not running (no database in ${stateDirectory})`, {
    remedy: 'Start it with "dogwatch run", or name its configuration with --config.',
  });
}

function explained(error: unknown): unknown {
  const state = sqlStateOf(error);
  if (state === undefined) return error;
  const remedy = REMEDIES[state];
  const options = { cause: undefined, ...(remedy === undefined ? {} : { remedy }) };
  return new DogwatchError('QUERY_FAILED', `the database refuses: ${describeDatabaseError(error)}`, options);
}
