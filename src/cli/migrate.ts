import type { Command } from 'commander';
import { connect, disconnect, type DatabaseAddress } from '../../storage/database/database.ts';
import { EmbeddedPostgres } from '../../storage/embedded/embedded-postgres.ts';
import { migrate, readMigrations } from '../../storage/database/migrations.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { DogwatchError } from '../runtime/errors.ts';
import { createLog } from '../runtime/log.ts';
import { configOption } from './options/config-option.ts';
import { embeddedAddress } from '../../storage/embedded/embedded-address.ts';

interface MigrateOptions {
  readonly config?: string;
  readonly json?: true;
}

const HELP = `
Examples:
  dogwatch migrate                               the database of the configuration
  DOGWATCH_DATABASE__URL=postgresql://owner@db/dogwatch dogwatch migrate
                                                 as another role, which then owns the tables

"dogwatch run" migrates by itself; this is for those who keep the two apart. The collector makes and drops partitions,
which only an owner may: where its role did not migrate, GRANT it the one that did. "dogwatch check" looks at that. All migrations are applied in one
transaction, or none. An embedded PostgreSQL that is not running is started for it, and stopped again.
Exit code 3 when the database does not answer.`;

/** `dogwatch migrate`: brings the database's schema up to date. */
export function registerMigrate(program: Command): void {
  program
    .command('migrate')
    .summary("bring the database's schema up to date")
    .description('Creates or updates the tables in the database.')
    .addOption(configOption())
    .option('--json', 'print what was applied as JSON')
    .addHelpText('after', HELP)
    .action(async (options: MigrateOptions) => {
      const { config } = loadConfig({ file: options.config });
      const applied = await withDatabase(config, migrateAt);
      if (options.json === true) process.stdout.write(`${JSON.stringify({ applied })}\n`);
      else process.stdout.write(`${applied.length === 0 ? 'Up to date.' : `Applied ${applied.join(', ')}.`}\n`);
    });
}

async function migrateAt(address: DatabaseAddress): Promise<string[]> {
  const client = await connect({ ...address, applicationName: 'dogwatch migrate' }).catch((cause: unknown) => {
    throw new DogwatchError('NOT_RUNNING', 'the database does not answer', {
      cause,
      remedy: '"dogwatch check" says more about it.',
    });
  });
  try {
    return await migrate(client, await readMigrations());
  } finally {
    await disconnect(client);
  }
}

/** Runs `work` on the configured database; an embedded one that is not running runs for that long. */
async function withDatabase<T>(config: Config, work: (address: DatabaseAddress) => Promise<T>): Promise<T> {
  const { url, embedded } = config.database;
  if (url !== undefined) return work({ connectionString: url });
  const running = await embeddedAddress(config.stateDirectory);
  if (running !== undefined) return work(running);
  const settings = Object.fromEntries(Object.entries(embedded.settings).map(([name, value]) => [name, String(value)]));
  const server = new EmbeddedPostgres(
    { stateDirectory: config.stateDirectory, accountName: config.runAs, settings },
    createLog(config.log.level),
  );
  try {
    await server.start();
    return await work(server.address);
  } finally {
    await server.stop();
  }
}
