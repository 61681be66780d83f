import { readFile } from 'node:fs/promises';
import {
  connect,
  describeDatabaseError,
  disconnect,
  quoteIdentifier,
  type DatabaseAddress,
  type DatabaseClient,
} from '../../../storage/database/database.ts';
import { readMigrations } from '../../../storage/database/migrations.ts';
import { packagedPostgres } from '../../../storage/embedded/postgres-package.ts';
import { maskUrl } from '../../config/mask.ts';
import { messageOf } from '../../runtime/errors.ts';
import { embeddedAddress } from '../../../storage/embedded/embedded-address.ts';
import type { Check, CheckResult } from './check-result.ts';

const LEAST_VERSION = 15;
const CLOCK_TOLERANCE_MS = 1000;

/** The database: reachable, new enough, with the rights that the writer needs, and with the same idea of the time. */
export const checkDatabase: Check = async ({ config }) => {
  const { url } = config.database;
  if (url !== undefined) return checkServer({ connectionString: url }, maskUrl(url), true);
  const account = await checkAccount(config.runAs);
  try {
    const address = await embeddedAddress(config.stateDirectory);
    if (address !== undefined) return [...account, ...(await checkServer(address, 'the embedded PostgreSQL', false))];
    return [...account, await checkPackage()];
  } catch (error) {
    return [
      ...account,
      {
        name: 'database',
        state: 'warn',
        found: `the embedded PostgreSQL belongs to another account: ${messageOf(error)}`,
        remedy: 'Check as root, or as the account that runs the collector.',
      },
    ];
  }
};

/** Whether there are programs of PostgreSQL for this platform. */
async function checkPackage(): Promise<CheckResult> {
  const name = 'database';
  return packagedPostgres().then(
    ({ version }) => ({
      name,
      state: 'ok',
      found: `embedded PostgreSQL ${version}, started together with the collector`,
    }),
    (error: unknown) => ({
      name,
      state: 'fail',
      found: messageOf(error),
      remedy: 'Name a PostgreSQL server with database.url, or install without omitting optional packages.',
    }),
  );
}

/** PostgreSQL refuses to run as root, so that root needs an account for it; it is made at the first start. */
async function checkAccount(name: string): Promise<CheckResult[]> {
  if (process.getuid?.() !== 0) return [];
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const exists = passwd.split('\n').some((line) => line.startsWith(`${name}:`));
  const found = exists ? `${name} exists` : `${name} is created at the first start`;
  return [{ name: 'account of the embedded PostgreSQL', state: 'ok', found }];
}

async function checkServer(address: DatabaseAddress, shown: string, external: boolean): Promise<CheckResult[]> {
  const askedAtMs = Date.now();
  let client: DatabaseClient;
  try {
    client = await connect({ ...address, applicationName: 'dogwatch check' });
  } catch (error) {
    const remedy = 'Check host, port, password and pg_hba.conf; the server must listen for this machine.';
    return [
      { name: 'database', state: 'fail', found: `${shown} does not answer: ${describeDatabaseError(error)}`, remedy },
    ];
  }
  try {
    const reached: CheckResult = {
      name: 'database',
      state: 'ok',
      found: `${shown} answers after ${Date.now() - askedAtMs} ms`,
    };
    return [
      reached,
      await checkVersion(client),
      await checkRights(client),
      await checkTrigrams(client),
      ...(external ? [await checkClock(client)] : []),
    ];
  } catch (error) {
    return [
      { name: 'database', state: 'fail', found: describeDatabaseError(error), remedy: 'See the log of the server.' },
    ];
  } finally {
    await disconnect(client);
  }
}

async function checkVersion(client: DatabaseClient): Promise<CheckResult> {
  const { rows } = await client.query<{ version: string; number: number }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number`,
  );
  const version = rows[0]?.version ?? 'unknown';
  const name = 'database, version';
  if ((rows[0]?.number ?? 0) >= LEAST_VERSION * 10_000) return { name, state: 'ok', found: `PostgreSQL ${version}` };
  return { name, state: 'fail', found: `PostgreSQL ${version}`, remedy: `Use PostgreSQL ${LEAST_VERSION} or newer.` };
}

async function checkRights(client: DatabaseClient): Promise<CheckResult> {
  const created = await checkCreation(client);
  return created.state === 'ok' ? ((await checkOwnership(client)) ?? created) : created;
}

/** Does what migrations and the writer do, in a transaction that is rolled back. */
async function checkCreation(client: DatabaseClient): Promise<CheckResult> {
  const name = 'database, rights';
  const steps: [string, string][] = [
    ['create partitioned tables', 'CREATE TABLE dogwatch_check (at timestamptz NOT NULL) PARTITION BY RANGE (at)'],
    [
      'create partitions',
      "CREATE TABLE dogwatch_check_1 PARTITION OF dogwatch_check FOR VALUES FROM ('2000-01-01') TO ('2100-01-01')",
    ],
    ['create indexes', 'CREATE INDEX ON dogwatch_check USING brin (at)'],
    ['write rows', 'INSERT INTO dogwatch_check VALUES (now())'],
    ['create temporary tables', 'CREATE TEMPORARY TABLE dogwatch_check_2 (LIKE dogwatch_check)'],
  ];
  await client.query('BEGIN');
  try {
    for (const [right, sql] of steps) {
      const error = await client.query(sql).then(
        () => undefined,
        (refused: unknown) => describeDatabaseError(refused),
      );
      if (error === undefined) continue;
      return {
        name,
        state: 'fail',
        found: `may not ${right}: ${error}`,
        remedy:
          'As its owner: GRANT CREATE, TEMPORARY ON DATABASE … and GRANT CREATE, USAGE ON SCHEMA public TO the role of database.url',
      };
    }
    return { name, state: 'ok', found: 'may create tables, partitions and indexes, and write' };
  } finally {
    await client.query('ROLLBACK');
  }
}

/** The index of the messages' text needs an extension. Without it they are collected all the same, and found slowly. */
async function checkTrigrams(client: DatabaseClient): Promise<CheckResult> {
  const name = 'database, text search';
  const { rows } = await client.query<{ created: boolean; available: boolean; allowed: boolean; role: string }>(
    `SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') AS created,
       EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') AS available,
       has_database_privilege(current_database(), 'CREATE') AS allowed, current_user AS role`,
  );
  const { created, available, allowed, role } = rows[0] ?? {
    created: false,
    available: false,
    allowed: false,
    role: '',
  };
  if (created) return { name, state: 'ok', found: 'pg_trgm is there' };
  if (available && allowed) return { name, state: 'ok', found: 'pg_trgm is created by the collector' };
  const found = `pg_trgm is ${available ? 'not created' : 'not installed'}: searching the text of messages reads all of it`;
  const remedy = available
    ? `As a superuser: CREATE EXTENSION pg_trgm, or GRANT CREATE ON DATABASE … TO ${quoteIdentifier(role)}.`
    : 'Install the contrib package of the server, postgresql-contrib in most distributions.';
  return { name, state: 'warn', found, remedy };
}

// Of our tables and views, and of their partitions, those that this role does not own, itself or through another role.
const FOREIGN_RELATIONS = `
  SELECT relation.relname AS name, pg_get_userbyid(relation.relowner) AS owner, current_user AS role
  FROM pg_class AS relation
  LEFT JOIN pg_inherits AS link ON link.inhrelid = relation.oid
  LEFT JOIN pg_class AS parent ON parent.oid = link.inhparent
  WHERE relation.relkind IN ('r', 'p', 'v')
    AND coalesce(parent.relnamespace, relation.relnamespace) = current_schema()::regnamespace
    AND coalesce(parent.relname, relation.relname) = ANY($1)
    AND NOT pg_has_role(relation.relowner, 'USAGE')
  ORDER BY relation.relname`;

/** Only an owner may comment, and attach and drop partitions. @returns undefined where all that exist are the role's */
async function checkOwnership(client: DatabaseClient): Promise<CheckResult | undefined> {
  const created = (await readMigrations()).flatMap(({ sql }) => [...sql.matchAll(/^CREATE (?:TABLE|VIEW) (\w+)/gm)]);
  const ours = ['schema_migrations', ...created.map(([, name]) => name)];
  const { rows } = await client.query<{ name: string; owner: string; role: string }>(FOREIGN_RELATIONS, [ours]);
  const [first] = rows;
  if (first === undefined) return undefined;
  const others = rows.length > 1 ? ` and ${rows.length - 1} more` : '';
  return {
    name: 'database, rights',
    state: 'fail',
    found: `does not own ${first.name}${others}: must be owner, or inherit from ${first.owner}`,
    remedy: `As a superuser: GRANT ${quoteIdentifier(first.owner)} TO ${quoteIdentifier(first.role)}, or ALTER TABLE … OWNER TO ${quoteIdentifier(first.role)} for each`,
  };
}

/** Compares clocks; half the time of the question is the error of the comparison. */
async function checkClock(client: DatabaseClient): Promise<CheckResult> {
  const askedAtMs = Date.now();
  const { rows } = await client.query<{ ms: string }>(`SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms`);
  const answeredAtMs = Date.now();
  const difference = Number(rows[0]?.ms) - (askedAtMs + answeredAtMs) / 2;
  const name = 'clock';
  const found = `${Math.abs(Math.round(difference))} ms ${difference < 0 ? 'ahead of' : 'behind'} the database`;
  if (Math.abs(difference) - (answeredAtMs - askedAtMs) / 2 <= CLOCK_TOLERANCE_MS) return { name, state: 'ok', found };
  return {
    name,
    state: 'warn',
    found,
    remedy: 'Let both machines follow the same time servers (chrony, systemd-timesyncd).',
  };
}
