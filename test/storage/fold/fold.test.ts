import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { uuidV7 } from '../../../storage/batch/uuid.ts';
import { connect, type DatabaseClient, disconnect } from '../../../storage/database/database.ts';
import { coverTimes, dropPartition, listPartitions } from '../../../storage/database/partitions.ts';
import { Fold } from '../../../storage/fold/fold.ts';
import type { FoldStep } from '../../../storage/fold/fold-step.ts';
import { FlowRollups } from '../../../storage/rollups/flow-rollups.ts';
import { startTestDatabase } from '../../support/postgres.ts';

const HOUR = 3_600_000_000;
const START = Math.floor((Date.now() * 1000) / HOUR) * HOUR - 2 * HOUR;
const DIMENSIONS = 11;
/** More than there are interfaces by exporter, fewer than conversations. */
const KEYS_AT_A_TIME = 16;
const never = new AbortController().signal;

async function addBatch(client: DatabaseClient, rows: number, seconds: number): Promise<void> {
  const from = new Date(START / 1000);
  await client.query(
    `INSERT INTO flows (received_at, exporter, bytes, packets, in_if, out_if, protocol, tos, src_as, sampling_rate, src_addr, dst_addr, dst_port)
     SELECT $1::timestamptz + make_interval(secs => i * $3::float8 / $2), ('192.0.2.' || i % 3)::inet,
       CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN 9223372036854775807 ELSE i END, i % 5, nullif(i % 4, 0), i % 2, 6, i % 256,
       i % 11, nullif(i % 6, 0), ((ARRAY['2001:db8::', '10.0.0.'])[1 + i % 2] || i % 29)::inet, CASE WHEN i % 13 > 0 THEN ('198.51.100.' || i % 31)::inet END, i % 3
     FROM generate_series(0, $2::int - 1) AS i`,
    [from, rows, seconds],
  );
  await client.query(
    `INSERT INTO batches (id, table_name, rows, node, earliest, latest) VALUES ($1, 'flows', $2, 'a', $3, $4)`,
    [uuidV7(START), rows, from, new Date(START / 1000 + seconds * 1000 - 1)],
  );
}

const SUMS = `exporter, sum(bytes)::text AS bytes, sum(packets)::text AS packets, sum(scaled_bytes)::text AS scaled_bytes,
  sum(scaled_packets)::text AS scaled_packets`;

async function assertExact(client: DatabaseClient): Promise<void> {
  const raw = await client.query(
    `SELECT ${SUMS}, count(*)::text AS flows FROM flows_scaled GROUP BY exporter ORDER BY 1`,
  );
  for (const table of ['flows_1m', 'flows_10m', 'flows_1h']) {
    const { rows } = await client.query<Record<string, string>>(
      `SELECT ${SUMS}, sum(flows)::text AS flows, dimension FROM ${table} GROUP BY exporter, dimension ORDER BY 1`,
    );
    const byDimension = Map.groupBy(rows, ({ dimension }) => dimension);
    assert.equal(byDimension.size, DIMENSIONS);
    for (const [dimension, sums] of byDimension)
      assert.deepEqual(
        sums.map((row) => ({ ...row, dimension: '' })),
        raw.rows.map((row) => ({ ...row, dimension: '' })),
        `${table} ${dimension}`,
      );
  }
  const perInterface = `in_if AS number, sum(scaled_bytes)::text AS bytes FROM flows_scaled GROUP BY 1 ORDER BY 1`;
  const wanted = await client.query(`SELECT ${perInterface}`);
  const { rows } = await client.query(
    `SELECT number, sum(scaled_bytes)::text AS bytes FROM flows_1h WHERE dimension = 'ingress' GROUP BY 1 ORDER BY 1`,
  );
  assert.deepEqual(rows, wanted.rows);
}

async function fresh(): Promise<{ client: DatabaseClient; fold: (steps?: readonly FoldStep[]) => Fold }> {
  const { address } = await startTestDatabase();
  const client = await connect(address);
  await coverTimes(client, 'flows', [START, START + HOUR], 'hour');
  return {
    client,
    fold: (steps = [new FlowRollups(5, Number.MAX_SAFE_INTEGER, systemClock)]) =>
      new Fold(address, steps, systemClock, silentLog),
  };
}

test('every dimension of every level adds up to the rows, with late batches and with the same batch folded again', async () => {
  const { client, fold } = await fresh();
  await addBatch(client, 2000, 25 * 60);
  await fold().run(never);
  await assertExact(client);
  await addBatch(client, 700, 90);
  await client.query('UPDATE batches SET folded = false');
  await fold().run(never);
  await assertExact(client);
  assert.equal((await client.query('SELECT FROM batches WHERE NOT folded')).rowCount, 0);
  await disconnect(client);
});

test('more keys in a minute than are kept at a time cost none of the sums', async () => {
  const { client, fold } = await fresh();
  await addBatch(client, 2000, 25 * 60);
  await addBatch(client, 3000, 60);
  await fold([new FlowRollups(5, Number.MAX_SAFE_INTEGER, systemClock, KEYS_AT_A_TIME)]).run(never);
  await assertExact(client);
  const { rows } = await client.query<{ conversations: number }>(
    `SELECT count(DISTINCT (exporter, src_addr, dst_addr))::int AS conversations FROM flows`,
  );
  assert.ok((rows[0]?.conversations ?? 0) > 10 * KEYS_AT_A_TIME);
  await disconnect(client);
});

test('a fold whose backend is ended in mid-transaction leaves nothing behind, and the next one does it all', async () => {
  const { client, fold } = await fresh();
  await addBatch(client, 500, 120);
  const killer: FoldStep = {
    name: 'killer',
    tables: ['flows'],
    apply: async (session) => void (await session.query('SELECT pg_terminate_backend(pg_backend_pid())')),
  };
  await assert.rejects(fold([new FlowRollups(5, Number.MAX_SAFE_INTEGER, systemClock), killer]).run(never));
  assert.equal((await client.query('SELECT FROM flows_1m')).rowCount, 0);
  await fold().run(never);
  await assertExact(client);
  await disconnect(client);
});

test('a minute that fails is put off, and the others are folded', async () => {
  const { client, fold } = await fresh();
  await addBatch(client, 10, 60);
  await addBatch(client, 10, 120);
  const failing: FoldStep = {
    name: 'failing',
    tables: ['flows'],
    apply: async (session, _table, minutes) =>
      void (minutes.includes(START + 60_000_000) && (await session.query('SELECT 1/0'))),
  };
  const folding = fold([failing, new FlowRollups(5, Number.MAX_SAFE_INTEGER, systemClock)]);
  await folding.run(never);
  assert.equal(folding.status.batchesPutOff, 1);
  assert.equal((await client.query('SELECT FROM batches WHERE folded')).rowCount, 1);
  await disconnect(client);
});

test('a minute whose rows were dropped keeps its rollup when a late row comes', async () => {
  const { client, fold } = await fresh();
  await addBatch(client, 500, 60);
  await fold().run(never);
  const before = await client.query('SELECT sum(flows) AS flows FROM flows_1m');
  const [partition] = await listPartitions(client, 'flows');
  assert.ok(partition);
  await dropPartition(client, 'flows', partition);
  await coverTimes(client, 'flows', [START], 'hour');
  // More than before: the number of rows says nothing.
  await addBatch(client, 600, 60);
  await fold().run(never);
  assert.deepEqual((await client.query('SELECT sum(flows) AS flows FROM flows_1m')).rows, before.rows);
  await disconnect(client);
});

test('a batch from the future waits and blocks none, and batches of tables that nobody folds are marked', async () => {
  const { client, fold } = await fresh();
  await addBatch(client, 5, 60);
  await client.query(
    `INSERT INTO batches (id, table_name, rows, node, earliest, latest) VALUES
     (gen_random_uuid(), 'flows', 1, 'a', now() + interval '1 day', now() + interval '1 day'),
     (gen_random_uuid(), 'interfaces', 1, 'a', now() - interval '1 hour', now() - interval '1 hour')`,
  );
  await fold().run(never);
  const left = await client.query(`SELECT table_name FROM batches WHERE NOT folded AND latest > now()`);
  assert.equal(left.rowCount, 1);
  assert.equal((await client.query('SELECT FROM batches WHERE folded')).rowCount, 2);
  await disconnect(client);
});
