import { type DatabaseClient, sqlStateOf } from '../../../storage/database/database.ts';
import type { Clock } from '../../runtime/clock.ts';
import { DogwatchError } from '../../runtime/errors.ts';
import { type AnnouncedBatch, Announcements, connectionLost } from '../announcements.ts';
import { Conditions } from '../conditions.ts';
import { columnText } from './record-table.ts';
import { type RecordSearch, requireFilters, searchRecords, understood } from './search-records.ts';
import { isSeenIn } from '../snapshot.ts';

export interface RecordFollowing {
  /** What is shown first, of before. */
  readonly backlog: RecordSearch;
  /** Records a second at most; of more the newest are shown. */
  readonly perSecond: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Some records, oldest first, as the texts of the columns; null: not told. */
export interface RecordNews {
  readonly rows: readonly (string | null)[][];
  /** Those that match, too, but are too many. */
  readonly skipped: number;
  /** Records that were not even looked at, since whoever reads was away for too long. */
  readonly unread: number;
}

type Question = Pick<RecordSearch, 'table' | 'filters' | 'columns'>;

/** Batches whose times overlap or nearly so. */
interface BatchGroup {
  readonly whole: string[];
  readonly parts: string[];
  earliest: number;
  latest: number;
}

/** How long commits are gathered before they are looked at; of one that comes alone no more than this is lost. */
const GATHER_MS = 250;
const GROUP_GAP_MICROS = 2_000_000;
/** Operator intervention: the server ends, or somebody ended the session (PostgreSQL manual, appendix A). */
const SHUTDOWN = '57P';
const OPEN = 'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY';

/**
 * The records that match, first some that are there, then those that come, until the signal.
 *
 * Each writer announces a batch in the transaction that writes it, so it is heard of when it can be seen: however late it is,
 * whoever wrote it. Its rows are those that its transaction inserted (`xmin`), between the times that it names. Nothing is
 * missed or shown twice, and nothing is asked while nothing comes.
 *
 *   listening ──▶ backlog, of one snapshot ──▶ waiting ──announced──▶ gathering 250 ms ──▶ asking ──▶ waiting
 *                                                 └── seen in the snapshot already: passed over
 *
 * The connection's transaction is ended: what is asked needs one after the other.
 * @throws DogwatchError `NOT_RUNNING` when the connection breaks, `USAGE` about a pattern that the database does not understand
 */
export async function* followRecords(client: DatabaseClient, following: RecordFollowing): AsyncGenerator<RecordNews> {
  try {
    yield* follow(client, following);
  } catch (error) {
    if (error instanceof DogwatchError) throw error;
    const state = sqlStateOf(error);
    throw state === undefined || state.startsWith(SHUTDOWN) ? connectionLost(error) : understood(error);
  }
}

async function* follow(client: DatabaseClient, following: RecordFollowing): AsyncGenerator<RecordNews> {
  const { backlog, perSecond, signal, clock } = following;
  const announcements = new Announcements(backlog.table.name, clock);
  await client.query('COMMIT');
  await announcements.listen(client);
  await client.query(OPEN);
  const { rows } = await client.query<{ snapshot: string }>('SELECT pg_current_snapshot()::text AS snapshot');
  const snapshot = rows[0]?.snapshot ?? '';
  for await (const found of searchRecords(client, backlog)) yield { rows: found, skipped: 0, unread: 0 };
  await client.query('COMMIT');
  const most = Math.max(1, Math.round((perSecond * GATHER_MS) / 1000));
  for (;;) {
    await announcements.wait(signal);
    await announcements.pause(GATHER_MS, signal);
    if (signal.aborted) return;
    const { batches, forgottenRows } = announcements.take();
    const news = await readNews(client, backlog, batches, { snapshot, most, unread: forgottenRows });
    if (news.rows.length > 0 || news.skipped > 0 || news.unread > 0) yield news;
  }
}

async function readNews(
  client: DatabaseClient,
  question: Question,
  batches: readonly AnnouncedBatch[],
  { snapshot, most, unread }: { snapshot: string; most: number; unread: number },
): Promise<RecordNews> {
  await client.query(OPEN);
  try {
    const groups = groupBatches(batches, await newTransactions(client, batches, snapshot));
    const found: (readonly (string | null)[][])[] = [];
    let [left, skipped] = [most, 0];
    // The newest first: where there are too many, the oldest are left out.
    for (const group of groups.toReversed()) {
      const { rows, matching } = await readGroup(client, question, group, left);
      found.unshift(rows);
      left -= rows.length;
      skipped += matching - rows.length;
    }
    return { rows: found.flat(), skipped, unread };
  } finally {
    await client.query('COMMIT').catch(() => {});
  }
}

/** By batch the transaction that wrote it; without those that the snapshot has. */
async function newTransactions(
  client: DatabaseClient,
  batches: readonly AnnouncedBatch[],
  snapshot: string,
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ id: string; xid: string }>(
    'SELECT id::text AS id, xmin::text AS xid FROM batches WHERE id = ANY($1::uuid[])',
    [batches.map(({ id }) => id)],
  );
  return new Map(rows.filter(({ xid }) => !isSeenIn(xid, snapshot)).map(({ id, xid }) => [id, xid]));
}

/** In the order of time. */
function groupBatches(batches: readonly AnnouncedBatch[], xids: ReadonlyMap<string, string>): BatchGroup[] {
  const groups: BatchGroup[] = [];
  for (const { id, isWhole, earliest, latest } of batches.toSorted((a, b) => a.earliest - b.earliest)) {
    const xid = xids.get(id);
    if (xid === undefined) continue;
    const last = groups.at(-1);
    const group =
      last !== undefined && earliest <= last.latest + GROUP_GAP_MICROS
        ? last
        : { whole: [], parts: [], earliest, latest };
    if (group !== last) groups.push(group);
    group.latest = Math.max(group.latest, latest);
    (isWhole ? group.whole : group.parts).push(xid);
  }
  return groups;
}

/** The newest of the group, at most `left` of them, oldest first; and how many match. */
async function readGroup(
  client: DatabaseClient,
  { table, filters, columns }: Question,
  { whole, parts, earliest, latest }: BatchGroup,
  left: number,
): Promise<{ rows: (string | null)[][]; matching: number }> {
  const conditions = new Conditions();
  conditions.require(`received_at BETWEEN ${timeOf(conditions, earliest)} AND ${timeOf(conditions, latest)}`);
  conditions.require(transactionClause(conditions, whole, parts));
  requireFilters(conditions, table, filters);
  const selected = columns.map(columnText).join(', ');
  const result = await client.query<(string | null)[]>({
    // At least one row, since the count comes with it.
    text: `SELECT count(*) OVER ()::text, ${selected} FROM ${table.name} WHERE ${conditions.sql}
      ORDER BY received_at DESC LIMIT ${conditions.bind(Math.max(1, left))}::int8`,
    values: conditions.values,
    rowMode: 'array',
  });
  const matching = Number(result.rows[0]?.[0] ?? 0);
  const rows = result.rows.slice(0, Math.max(0, left)).map((row) => row.slice(1));
  return { rows: rows.toReversed(), matching };
}

/** As text with all six digits: a sum would be worked out too late for partitions to be passed over in the plan. */
function timeOf(conditions: Conditions, micros: number): string {
  const seconds = new Date(Math.floor(micros / 1_000_000) * 1000).toISOString().slice(0, 19);
  const fraction = String(micros - Math.floor(micros / 1_000_000) * 1_000_000).padStart(6, '0');
  return `${conditions.bind(`${seconds}.${fraction}Z`)}::timestamptz`;
}

/**
 * Rows of these transactions. Those that came in parts were inserted by subtransactions, whose numbers follow that of their
 * transaction, and are of no other batch that is announced with them.
 */
function transactionClause(conditions: Conditions, whole: readonly string[], parts: readonly string[]): string {
  const xids = `${conditions.bind(whole)}::xid[]`;
  const following = parts.map((xid) => {
    const first = `${conditions.bind(xid)}::int8`;
    return `(xmin::text::int8 - ${first} + 4294967296) % 4294967296 < 2147483648 AND xmin <> ALL(${xids})`;
  });
  return [`xmin = ANY(${xids})`, ...following].join(' OR ');
}
