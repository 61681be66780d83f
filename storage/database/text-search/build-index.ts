import { type DatabaseClient, describeDatabaseError, quoteIdentifier, quoteLiteral, sqlStateOf } from '../database.ts';
import { listPartitions } from '../partitions.ts';
import { sqlFile } from '../sql.ts';
import type { IndexTask, PlanOptions, SearchPartition } from './search-indexes.ts';

const LIST_SEARCH_PARTITIONS = sqlFile('list-search-partitions');
const FIND_TRIGRAMS = sqlFile('find-trigrams');
const UNDEFINED_TABLE = '42P01';

/** Every partition of `table` with what a plan needs of it; none where there is no such table. */
export async function searchPartitions(client: DatabaseClient, table: string): Promise<SearchPartition[]> {
  const uppers = new Map((await listPartitions(client, table)).map(({ name, upper }) => [name, upper]));
  const { rows } = await client.query<{ name: string; bytes: string; indexes: Record<string, boolean> }>(
    LIST_SEARCH_PARTITIONS,
    [quoteIdentifier(table)],
  );
  return rows.map(({ name, bytes, indexes }) => ({
    table,
    name,
    upper: uppers.get(name) ?? Infinity,
    bytes: Number(bytes),
    indexes: new Map(Object.entries(indexes)),
  }));
}

/**
 * Where pg_trgm is. It is created where it is missing and `mayCreate`: its role then needs the right to create in the database
 * (PostgreSQL 13 and newer trust the extension), and the server must have it installed.
 */
export async function findTrigrams(client: DatabaseClient, mayCreate: boolean): Promise<PlanOptions['trigrams']> {
  const found = async () => (await client.query<{ schema: string }>(FIND_TRIGRAMS)).rows[0];
  const present = await found();
  if (present !== undefined) return present;
  try {
    if (mayCreate) await client.query('CREATE EXTENSION IF NOT EXISTS pg_trgm');
  } catch (error) {
    return { why: `pg_trgm cannot be created (${describeDatabaseError(error)})` };
  }
  return (await found()) ?? { why: 'pg_trgm is not in the database' };
}

/**
 * Builds one index without stopping anybody who reads or writes. It takes one processor, and as much memory as the session's
 * `maintenance_work_mem`. Interrupted, it leaves an index that is not valid, which the next plan names as leftover.
 * @returns false where the partition is gone
 * @throws pg's DatabaseError
 */
export async function buildIndex(client: DatabaseClient, task: IndexTask): Promise<boolean> {
  const [partition, index] = [quoteIdentifier(task.partition), quoteIdentifier(task.index)];
  try {
    if (task.isLeftover) await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${index}`);
    await client.query(`CREATE INDEX CONCURRENTLY ${index} ON ${partition} USING ${task.definition}`);
    if (task.completesPlain) await finishPlain(client, task.partition);
    return true;
  } catch (error) {
    if (sqlStateOf(error) === UNDEFINED_TABLE) return false;
    throw error;
  }
}

/** The planner knows how often each value occurs, and the block ranges at the end are in the index by time, too. */
async function finishPlain(client: DatabaseClient, partition: string): Promise<void> {
  await client.query(
    `SELECT brin_summarize_new_values(indexrelid) FROM pg_index
     JOIN pg_class AS index ON index.oid = indexrelid JOIN pg_am ON pg_am.oid = index.relam
     WHERE indrelid = ${quoteLiteral(quoteIdentifier(partition))}::regclass AND amname = 'brin' AND indisvalid`,
  );
  await client.query(`ANALYZE ${quoteIdentifier(partition)}`);
}
