import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { connect, disconnect } from '../../storage/database/database.ts';
import { startTestDatabase } from '../support/postgres.ts';

const PAGE = readFileSync(new URL('../../docs/tables.md', import.meta.url), 'utf8');

/** `flows.bytes int8` for each row of the page's tables, in order. */
function documented(): string[] {
  return PAGE.split(/^## /m)
    .slice(1)
    .flatMap((part) => {
      const table = part.slice(0, part.indexOf('\n'));
      const rows = part.matchAll(/^\| `(\w+)` \| ([^ ]+) \| [^|]+ \|$/gm);
      return [...rows].map(([, column, type]) => `${table}.${column} ${type}`);
    });
}

test('the page has every table and column of the database, with its type, in order', async () => {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  const { rows } = await client.query<{ table: string; column: string }>(
    `SELECT relname AS table, relname || '.' || attname || ' ' || CASE atttypid::regtype::text
       WHEN 'timestamp with time zone' THEN 'timestamptz' WHEN 'bigint' THEN 'int8' WHEN 'integer' THEN 'int4'
       WHEN 'smallint' THEN 'int2' ELSE atttypid::regtype::text END AS column
     FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition
       AND relname <> 'schema_migrations' AND (relname <> 'flows_scaled' OR attname LIKE 'scaled%')
     ORDER BY relname, attnum`,
  );
  await disconnect(client);
  const page = documented();
  const tables = [...new Set(page.map((row) => row.split('.')[0]))];
  const actual = tables.flatMap((table) => rows.filter((row) => row.table === table).map((row) => row.column));
  assert.deepEqual(page, actual);
  assert.deepEqual(new Set(tables), new Set(rows.map((row) => row.table)));
});
