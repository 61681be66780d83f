import type { BatchHeader, SealedBatch } from '../batch/batch-format.ts';
import { copyRows } from './copy.ts';
import { rowOffsets } from '../batch/copy-reader.ts';
import { originOfRow } from '../losses/row-origin.ts';
import { type DatabaseClient, describeDatabaseError, quoteIdentifier, quoteLiteral } from './database.ts';
import { isRefusedData } from './database-trouble.ts';
import { sqlFile } from './sql.ts';

const OPEN_SESSION = sqlFile('open-session');
const REJECT_ROW = sqlFile('reject-row');
/** Tables whose rows are merged into what is there, and the statement that does it once they are in `incoming_<table>`. */
const MERGES = new Map(
  ['exporters', 'interfaces', 'applications', 'syslog_devices', 'losses'].map((table) => [
    table,
    sqlFile(`merge-${table}`),
  ]),
);

/** Tables whose new batches are announced on this channel when they are committed, for those who follow them. */
const ANNOUNCED = new Set(['syslog_messages', 'snmp_traps']);
/** A payload is `<table> <batch id> <whole | parts> <rows> <earliest> <latest>`: times in microseconds since the Unix epoch. */
export const BATCH_CHANNEL = 'dogwatch_batches';

/** Readies a new connection for the functions below. */
export async function prepareSession(client: DatabaseClient): Promise<void> {
  await client.query(OPEN_SESSION);
}

/**
 * Writes a batch: its id into the ledger and its rows, in one transaction and one round trip.
 * @param relation where the rows go: the batch's table, or that partition of it which takes them all (8 % cheaper)
 * @returns how many rows were rejected: none
 * @throws pg's DatabaseError, of code 23505 on `batches_pkey` where the batch was written before; nothing is written then
 */
export async function insertBatch(
  client: DatabaseClient,
  batch: SealedBatch,
  node: string,
  relation: string = batch.table,
): Promise<number> {
  await copyRows(client, `${ledgerSql(batch, node, 'whole')}; ${rowsSql(batch, relation)}`, batch.body);
  return 0;
}

/**
 * Writes a batch that the database has refused: halves it until the rows at fault stand alone; those go to `rejected_rows`,
 * the others where they belong. One transaction again.
 * @returns how many rows were rejected
 * @throws as `insertBatch`, but not for refused data
 */
export async function insertAcceptableRows(client: DatabaseClient, batch: SealedBatch, node: string): Promise<number> {
  await client.query('BEGIN');
  try {
    await client.query(ledgerSql(batch, node, 'parts'));
    const offsets = readableOffsets(batch.body);
    const rejected = await insertRange(client, batch, offsets, 0, offsets.length - 1);
    await client.query('COMMIT');
    return rejected;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

async function insertRange(
  client: DatabaseClient,
  batch: SealedBatch,
  offsets: readonly number[],
  first: number,
  end: number,
): Promise<number> {
  if (first >= end) return 0;
  const rows = batch.body.subarray(offsets[first], offsets[end]);
  try {
    await copyRows(client, `SAVEPOINT part; ${rowsSql(batch, batch.table)}; RELEASE part`, rows);
    return 0;
  } catch (error) {
    if (!isRefusedData(error)) throw error;
    await client.query('ROLLBACK TO part; RELEASE part');
    if (end - first === 1) {
      const { sender, receivedAt } = originOfRow(batch.columns, rows);
      const reason = describeDatabaseError(error);
      await client.query(REJECT_ROW, [batch.id, first, batch.table, reason, rows, sender, receivedAt]);
      return 1;
    }
  }
  const middle = (first + end) >> 1;
  const before = await insertRange(client, batch, offsets, first, middle);
  return before + (await insertRange(client, batch, offsets, middle, end));
}

// A body that is not even made of rows can only be rejected as a whole.
function readableOffsets(body: Buffer): number[] {
  try {
    return rowOffsets(body);
  } catch {
    return [0, body.length];
  }
}

/**
 * The ledger's entry, and the word to those who follow the table. `parts`: the rows come in subtransactions, so that their
 * `xmin` is not that of the entry.
 */
function ledgerSql(batch: BatchHeader, node: string, written: 'whole' | 'parts'): string {
  const { id, table, rows, earliestMicros, latestMicros } = batch;
  const values = [quoteLiteral(id), quoteLiteral(table), String(rows), quoteLiteral(node)];
  for (const micros of [earliestMicros, latestMicros]) values.push(`to_timestamp(${micros / 1_000_000})`);
  const entry = `INSERT INTO batches (id, table_name, rows, node, earliest, latest) VALUES (${values.join(', ')})`;
  if (!ANNOUNCED.has(table)) return entry;
  const payload = [table, id, written, rows, earliestMicros, latestMicros].join(' ');
  return `${entry}; NOTIFY ${BATCH_CHANNEL}, ${quoteLiteral(payload)}`;
}

function rowsSql({ table, columns }: BatchHeader, relation: string): string {
  const list = columns.map(quoteIdentifier).join(', ');
  const merge = MERGES.get(table);
  if (merge === undefined) return `COPY ${quoteIdentifier(relation)} (${list}) FROM STDIN (FORMAT binary)`;
  const incoming = `pg_temp.${quoteIdentifier(`incoming_${table}`)}`;
  return `COPY ${incoming} (${list}) FROM STDIN (FORMAT binary); ${merge}; DELETE FROM ${incoming}`;
}
