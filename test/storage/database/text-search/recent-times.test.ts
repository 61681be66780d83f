import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, systemClock } from '../../../../src/runtime/clock.ts';
import { silentLog } from '../../../../src/runtime/log.ts';
import { connect, disconnect } from '../../../../storage/database/database.ts';
import { coverTimes } from '../../../../storage/database/partitions.ts';
import { RecentTimesUpkeep } from '../../../../storage/database/text-search/recent-times.ts';
import { startTestDatabase } from '../../../support/postgres.ts';

const NOON = Date.UTC(2026, 2, 1, 12) * 1000;

test('the rows of the last seconds are found by their time without reading the others', async (context) => {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  context.after(async () => {
    await disconnect(client);
    await database.stop();
  });
  await coverTimes(client, 'syslog_messages', [NOON - 1, NOON], 'hour');
  await client.query(
    `INSERT INTO syslog_messages (received_at, format, transport, device, message)
     SELECT timestamptz '2026-03-01 12:00Z' + n * interval '1 ms', '3', 'u', '10.0.0.1', repeat('x', 400)
     FROM generate_series(1, 20000) AS n`,
  );
  let due: (() => void) | undefined;
  let scheduled: (() => void) | undefined;
  const clock: Clock = {
    ...systemClock,
    nowMicros: () => NOON + 20_000_000,
    after(_ms, run) {
      due = run;
      scheduled?.();
      return () => {};
    },
  };
  const upkeep = new RecentTimesUpkeep(database.address, clock, silentLog);
  await upkeep.start();
  await new Promise<void>((resolve) => {
    scheduled = resolve;
    due?.();
  });
  await upkeep.stop();
  await client.query('SET enable_seqscan = off');
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN (ANALYZE, TIMING off) SELECT FROM syslog_messages
     WHERE received_at >= '2026-03-01 12:00:10Z' AND received_at < '2026-03-01 12:00:10.1Z'`,
  );
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  const read = /Rows Removed by Index Recheck: (\d+)/.exec(plan)?.[1];
  // Two ranges of 64 pages at most, with some 20 rows each, instead of all.
  assert.ok(Number(read) < 3000, plan);
});
