import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import { APPLICATIONS, COUNTER_SAMPLES, EXPORTERS, FLOWS, INTERFACES } from '../../../collectors/flow/tables.ts';
import { SYSLOG_DEVICES, SYSLOG_MESSAGES } from '../../../collectors/syslog/tables.ts';
import type { RowTable } from '../../../collectors/row-sink.ts';
import { connect, type DatabaseClient, disconnect } from '../../../storage/database/database.ts';
import { migrate, readMigrations } from '../../../storage/database/migrations.ts';
import { prepareSession } from '../../../storage/database/insert-batch.ts';
import { startTestDatabase } from '../../support/postgres.ts';

async function columnsOf(client: DatabaseClient, table: string): Promise<{ name: string; type: string }[]> {
  const result = await client.query<{ name: string; type: string }>(
    `SELECT attname AS name, CASE atttypid::regtype::text WHEN 'timestamp with time zone' THEN 'timestamptz'
       WHEN 'bigint' THEN 'int8' WHEN 'integer' THEN 'int4' WHEN 'smallint' THEN 'int2' WHEN '"char"' THEN 'char' WHEN 'boolean' THEN 'bool'
       ELSE atttypid::regtype::text END AS type
     FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [table],
  );
  return result.rows;
}

test('the tables have exactly the columns that the collectors fill', async () => {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  await prepareSession(client);
  const landing: [RowTable, string][] = [
    [FLOWS, 'flows'],
    [COUNTER_SAMPLES, 'counter_samples'],
    [EXPORTERS, 'incoming_exporters'],
    [INTERFACES, 'incoming_interfaces'],
    [APPLICATIONS, 'incoming_applications'],
    [SYSLOG_MESSAGES, 'syslog_messages'],
    [SYSLOG_DEVICES, 'incoming_syslog_devices'],
    [LOSSES, 'incoming_losses'],
  ];
  for (const [declared, table] of landing) assert.deepEqual(await columnsOf(client, table), declared.columns, table);
  await disconnect(client);
});

test('every table, view and column is described in the database itself', async () => {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  const silent = await client.query(
    `SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum >= 0
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT attisdropped
       AND relname <> 'schema_migrations' AND NOT (relkind = 'v' AND attname NOT LIKE 'scaled%')
       AND col_description(pg_class.oid, attnum) IS NULL
     UNION ALL SELECT relname, NULL FROM pg_class WHERE relnamespace = 'public'::regnamespace
       AND relkind IN ('r', 'p', 'v') AND obj_description(oid) IS NULL`,
  );
  assert.deepEqual(silent.rows, []);
  await disconnect(client);
});

test('migrating again changes nothing, and two at once do it once', async () => {
  const database = await startTestDatabase();
  const clients = await Promise.all([1, 2].map(() => connect(database.address)));
  await clients[0]?.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  const migrations = await readMigrations();
  const applied = await Promise.all(clients.map((client) => migrate(client, migrations)));
  assert.deepEqual(
    applied.flat(),
    migrations.map((migration) => migration.name),
  );
  const [client] = clients;
  assert(client);
  assert.deepEqual(await migrate(client, migrations), []);
  await Promise.all(clients.map(disconnect));
});

test('a database of a newer program and one whose migration was edited are refused', async () => {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  const migrations = await readMigrations();
  await assert.rejects(migrate(client, migrations.slice(0, -1)), { code: 'SCHEMA_NEWER' });
  const edited = migrations.map((migration) => ({ ...migration, checksum: 'another' }));
  await assert.rejects(migrate(client, edited), {
    code: 'SCHEMA_CHANGED',
    message: /prepared by another build .* migration 0001_flows is not/,
  });
  await disconnect(client);
});

test('a migration that fails leaves the database as it was', async () => {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  const migrations = await readMigrations();
  const number = migrations.length + 1;
  const bad = { number, name: 'bad', sql: 'CREATE TABLE half (); SELECT 1/0', checksum: 'x' };
  await assert.rejects(migrate(client, [...migrations, bad]), /division by zero/);
  const half = await client.query(`SELECT to_regclass('half') AS found`);
  assert.deepEqual(half.rows, [{ found: null }]);
  await disconnect(client);
});
