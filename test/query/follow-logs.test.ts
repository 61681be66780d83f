import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { logColumns } from '../../src/query/logs/log-columns.ts';
import { followRecords, type RecordNews } from '../../src/query/records/follow-records.ts';
import { MESSAGES } from '../../src/query/logs/search-logs.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { insertAcceptableRows, insertBatch } from '../../storage/database/insert-batch.ts';
import { coverTimes } from '../../storage/database/partitions.ts';
import { logBatch } from '../support/log-rows.ts';
import { startTestDatabase } from '../support/postgres.ts';

/** Nothing waits for the time to pass. */
const AT_ONCE: Clock = {
  ...systemClock,
  after(_ms, run) {
    const immediate = setImmediate(run);
    return () => clearImmediate(immediate);
  },
};

interface Bench {
  /** The next messages, and what was left out. */
  readonly next: () => Promise<RecordNews>;
  readonly texts: () => Promise<string[]>;
  readonly writers: readonly [DatabaseClient, DatabaseClient];
  readonly now: number;
  readonly reader: DatabaseClient;
  readonly stopping: AbortController;
  readonly news: AsyncGenerator<RecordNews>;
}

async function bench(
  context: TestContext,
  { filters = {}, perSecond = 4000 }: { filters?: Record<string, string[]>; perSecond?: number } = {},
): Promise<Bench> {
  const database = await startTestDatabase();
  const [reader, first, second] = await Promise.all([1, 2, 3].map(() => connect(database.address)));
  assert(reader && first && second);
  const stopping = new AbortController();
  context.after(async () => {
    await Promise.all([reader, first, second].map(disconnect));
    await database.stop();
  });
  const now = Date.now() * 1000;
  await coverTimes(first, 'syslog_messages', [now, now - 7_200_000_000], 'hour');
  await insertBatch(first, logBatch({ received_at: now - 1000, message: 'of before', severity: 4 }), 'a');
  await reader.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const news = followRecords(reader, {
    backlog: {
      table: MESSAGES,
      range: { from: new Date(now / 1000 - 60_000), to: new Date(now / 1000 + 60_000) },
      filters: new Map(Object.entries(filters)),
      columns: logColumns(['message']),
      order: 'last',
      limit: 10,
    },
    perSecond,
    signal: stopping.signal,
    clock: AT_ONCE,
  });
  const next = async (): Promise<RecordNews> => {
    const { value, done } = await news.next();
    assert(done !== true);
    return value;
  };
  const texts = async () => (await next()).rows.map(([text]) => text ?? '');
  return { next, texts, writers: [first, second], now, reader, stopping, news };
}

test('first comes what is there, then each batch when it is committed, however late', async (context) => {
  const { texts, writers, now } = await bench(context);
  const [one, other] = writers;
  assert.deepEqual(await texts(), ['of before']);
  await one.query('BEGIN');
  await insertBatch(one, logBatch({ received_at: now + 1, message: 'early, committed late' }), 'a');
  await insertBatch(other, logBatch({ received_at: now + 2, message: 'second' }), 'b');
  assert.deepEqual(await texts(), ['second']);
  await one.query('COMMIT');
  assert.deepEqual(await texts(), ['early, committed late']);
  // Had waited in a journal for two hours.
  await insertBatch(other, logBatch({ received_at: now - 7_200_000_000, message: 'old' }), 'b');
  assert.deepEqual(await texts(), ['old']);
});

test('a batch that was rolled back is never shown', async (context) => {
  const { texts, writers, now } = await bench(context);
  const [one, other] = writers;
  assert.deepEqual(await texts(), ['of before']);
  await one.query('BEGIN');
  await insertBatch(one, logBatch({ received_at: now + 1, message: 'never' }), 'a');
  await one.query('ROLLBACK');
  await insertBatch(other, logBatch({ received_at: now + 2, message: 'second' }), 'b');
  assert.deepEqual(await texts(), ['second']);
});

test('the good rows of a batch with bad ones are shown, once', async (context) => {
  const { texts, writers, now } = await bench(context);
  assert.deepEqual(await texts(), ['of before']);
  const rows = [
    { received_at: now + 1, message: 'good' },
    { received_at: now + 2, format: undefined },
    { received_at: now + 3, message: 'good, too' },
  ];
  assert.equal(await insertAcceptableRows(writers[0], logBatch(...rows), 'a'), 1);
  assert.deepEqual(await texts(), ['good', 'good, too']);
  await insertBatch(writers[0], logBatch({ received_at: now + 2, message: 'next' }), 'a');
  assert.deepEqual(await texts(), ['next']);
});

test('only what matches is shown', async (context) => {
  const { texts, writers, now } = await bench(context, { filters: { severity: ['warning+'], match: ['B'] } });
  assert.deepEqual(await texts(), ['of before']);
  const rows = [
    { received_at: now + 1, message: 'blocked', severity: 4 },
    { received_at: now + 2, message: 'blocked', severity: 5 },
    { received_at: now + 3, message: 'down', severity: 4 },
  ];
  await insertBatch(writers[0], logBatch(...rows), 'a');
  assert.deepEqual(await texts(), ['blocked']);
});

test('of too many the newest are shown, and the others counted', async (context) => {
  const { next, writers, now } = await bench(context, { perSecond: 8 }); // 2 in each quarter of a second
  assert.equal((await next()).rows.length, 1);
  const rows = Array.from({ length: 7 }, (_, index) => ({ received_at: now + index, message: String(index) }));
  await insertBatch(writers[0], logBatch(...rows), 'a');
  assert.deepEqual(await next(), { rows: [['5'], ['6']], skipped: 5, unread: 0 });
});

test('it ends at the signal, also while nothing comes', async (context) => {
  const { next, stopping, news } = await bench(context);
  await next();
  const last = news.next();
  stopping.abort();
  assert.equal((await last).done, true);
});

test('a connection that breaks is said', async (context) => {
  const { next, writers, reader, news } = await bench(context);
  await next();
  const { rows } = await reader.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const last = assert.rejects(news.next(), { code: 'NOT_RUNNING' });
  await writers[0].query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
  await last;
});
