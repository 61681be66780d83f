import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { DogwatchError } from '../../src/runtime/errors.ts';
import type { DatabaseClient } from './database.ts';

export interface Migration {
  readonly number: number;
  /** File name without extension, e.g. `0001_flows`. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly checksum: string;
}

const SCHEMA_DIRECTORY = new URL('../schema/', import.meta.url);
const FILE_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/;
// Any number that nobody else uses for an advisory lock: "dogwatch" in ASCII, cut to 7 bytes.
const MIGRATION_LOCK = '28268906478727779';

/** The migrations that come with the program, in order: `schema/0001_….sql`, `0002_…` and so on without a gap. */
export async function readMigrations(directory: URL = SCHEMA_DIRECTORY): Promise<Migration[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).toSorted();
  return Promise.all(
    files.map(async (file, index) => {
      const number = Number(FILE_NAME.exec(file)?.[1]);
      if (number !== index + 1) throw new Error(`migration ${file} is not number ${index + 1}`);
      const sql = await readFile(new URL(file, directory), 'utf8');
      const checksum = createHash('sha256').update(sql).digest('hex');
      return { number, name: file.slice(0, -'.sql'.length), sql, checksum };
    }),
  );
}

/**
 * Brings the database to the program's schema, in one transaction; several processes may do so at once.
 * @returns names of the migrations that were applied now
 * @throws DogwatchError `SCHEMA_NEWER` (the database was migrated by a newer program), `SCHEMA_CHANGED` (a migration that was
 *   applied is not the one that this program has)
 */
export async function migrate(client: DatabaseClient, migrations: readonly Migration[]): Promise<string[]> {
  await client.query('BEGIN');
  try {
    await client.query(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    const pending = await pendingMigrations(client, migrations);
    for (const { number, name, sql, checksum } of pending) {
      await client.query(sql);
      await client.query('INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)', [
        number,
        name,
        checksum,
      ]);
    }
    await client.query('COMMIT');
    return pending.map((migration) => migration.name);
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

async function pendingMigrations(client: DatabaseClient, migrations: readonly Migration[]): Promise<Migration[]> {
  await client.query(`
    CREATE TABLE IF NOT EXISTS schema_migrations (
      number int4 PRIMARY KEY,
      name text NOT NULL,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE schema_migrations IS 'Which migrations of the schema were applied; checksum: SHA-256 of the file.';
  `);
  const applied = await client.query<{ number: number; name: string; checksum: string }>(
    'SELECT number, name, checksum FROM schema_migrations ORDER BY number',
  );
  for (const row of applied.rows) {
    const own = migrations[row.number - 1];
    if (own === undefined) {
      throw new DogwatchError(
        'SCHEMA_NEWER',
        `the database has migration ${row.name}, which this program does not know`,
        {
          remedy: 'Run the newest version of Dogwatch that ever used this database, or one that is newer still.',
        },
      );
    }
    if (own.checksum !== row.checksum) {
      const found = row.name === own.name ? row.name : `${row.name} in place of ${own.name}`;
      throw new DogwatchError(
        'SCHEMA_CHANGED',
        `the database was prepared by another build of Dogwatch: its migration ${found} is not the one of this program`,
        {
          remedy:
            'Run the build that prepared it, or let this one have a database of its own. (Was a file in storage/schema edited? Restore it: what was applied once is never changed.)',
        },
      );
    }
  }
  return migrations.slice(applied.rows.length);
}
