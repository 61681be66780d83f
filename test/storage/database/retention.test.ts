import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, systemClock } from '../../../src/runtime/clock.ts';
import { connect, type DatabaseClient, disconnect } from '../../../storage/database/database.ts';
import { coverTimes, listPartitions, missingPartition, type Partition } from '../../../storage/database/partitions.ts';
import { applyRetention, type RetentionOptions } from '../../../storage/database/retention.ts';
import { uuidV7 } from '../../../storage/batch/uuid.ts';
import { startTestDatabase } from '../../support/postgres.ts';

const NOON = Date.UTC(2026, 10, 22, 12) * 1000;
const HOUR = 3_600_000_000;
const DAY = 24 * HOUR;
const OPTIONS: RetentionOptions = { partitionBy: 'hour', keepDays: 30, keepLedgerDays: 7 };

const clockAt = (micros: number): Clock => ({ ...systemClock, nowMicros: () => micros });
const names = (partitions: readonly Partition[]): string[] => partitions.map((partition) => partition.name);

/** Connections to one fresh database whose clock stands at noon. */
async function freshClients(count: number): Promise<DatabaseClient[]> {
  const { address } = await startTestDatabase();
  const clients = await Promise.all(Array.from({ length: count }, () => connect(address)));
  // In front of pg_catalog, our function goes before the real one.
  for (const client of clients) await client.query('SET search_path = public, pg_catalog');
  if (clients[0] !== undefined) await setDatabaseClock(clients[0], NOON);
  return clients;
}

async function setDatabaseClock(client: DatabaseClient, micros: number): Promise<void> {
  await client.query(
    `CREATE OR REPLACE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql
     AS $$ SELECT timestamptz '${new Date(micros / 1000).toISOString()}' $$`,
  );
}

test('partitions of now and the next two hours are made, once', async () => {
  const [client] = await freshClients(1);
  assert(client);
  await applyRetention(client, OPTIONS, clockAt(NOON));
  await applyRetention(client, OPTIONS, clockAt(NOON + 1));
  for (const table of ['flows', 'counter_samples']) {
    const wanted = ['12', '13', '14'].map((hour) => `${table}_20261122_${hour}`);
    assert.deepEqual(names(await listPartitions(client, table)), wanted);
  }
  await disconnect(client);
});

test('a partition goes when its newest row is over age, and rows and ledger entries with it', async () => {
  const [client] = await freshClients(1);
  assert(client);
  await coverTimes(client, 'flows', [NOON - 30 * DAY - HOUR, NOON - 30 * DAY], 'hour');
  const insert = 'INSERT INTO batches (id, table_name, rows, node, committed_at) VALUES ($1, $2, 1, $3, $4)';
  const [old, fresh] = [NOON - 7 * DAY - 1000, NOON - 7 * DAY + 1000];
  for (const [sealed, committed] of [
    [old, old],
    [old, fresh], // had waited in a journal
    [fresh, fresh],
  ] as const) {
    await client.query(insert, [uuidV7(sealed), 'flows', 'a', new Date(committed / 1000)]);
  }
  const report = await applyRetention(client, OPTIONS, clockAt(NOON));
  assert.deepEqual(report, {
    droppedPartitions: ['flows_20261023_11'],
    droppedForSize: [],
    expiredBatches: 1,
    expiredRejectedRows: 0,
  });
  assert.equal((await client.query('SELECT FROM batches')).rowCount, 2);
  assert(names(await listPartitions(client, 'flows')).includes('flows_20261023_12'));
  await disconnect(client);
});

test('a clock that is ahead of the database costs nothing that is not over age by both', async () => {
  const [client] = await freshClients(1);
  assert(client);
  await coverTimes(client, 'flows', [NOON - 30 * DAY - HOUR, NOON - 30 * DAY], 'hour');
  const half = HOUR / 2;
  await setDatabaseClock(client, NOON - half);
  const kept = await applyRetention(client, OPTIONS, clockAt(NOON));
  assert.deepEqual([kept.droppedPartitions, kept.clockAheadMs], [[], undefined]);
  await setDatabaseClock(client, NOON + half);
  const dropped = await applyRetention(client, OPTIONS, clockAt(NOON));
  assert.deepEqual([dropped.droppedPartitions, dropped.clockAheadMs], [['flows_20261023_11'], undefined]);
  await disconnect(client);
});

test('nothing is dropped while our clock and that of the database are more than an hour apart', async () => {
  const [client] = await freshClients(1);
  assert(client);
  await coverTimes(client, 'flows', [NOON - 60 * DAY], 'day');
  const insert = `INSERT INTO batches (id, table_name, rows, node, committed_at) VALUES ($1, 'flows', 1, 'a', $2)`;
  await client.query(insert, [uuidV7(NOON - 60 * DAY), new Date((NOON - 60 * DAY) / 1000)]);
  for (const aheadHours of [2, -2, 24 * 365]) {
    const report = await applyRetention(client, OPTIONS, clockAt(NOON + aheadHours * HOUR));
    assert.deepEqual(report, {
      droppedPartitions: [],
      droppedForSize: [],
      expiredBatches: 0,
      expiredRejectedRows: 0,
      clockAheadMs: aheadHours * 3_600_000,
    });
  }
  const { droppedPartitions } = await applyRetention(client, OPTIONS, clockAt(NOON));
  assert.deepEqual(droppedPartitions, ['flows_20260923']);
  await disconnect(client);
});

test('many at once make one set of partitions', async () => {
  const clients = await freshClients(6);
  const times = Array.from({ length: 5 }, (_, hour) => NOON + hour * HOUR);
  await Promise.all(clients.map((client) => coverTimes(client, 'flows', times, 'hour')));
  const [client] = clients;
  assert(client);
  assert.equal((await listPartitions(client, 'flows')).length, 5);
  await Promise.all(clients.map(disconnect));
});

test('a partition is made while another session is writing', async () => {
  const [writing, making] = await freshClients(2);
  assert(writing && making);
  await coverTimes(making, 'flows', [NOON], 'hour');
  await writing.query('BEGIN');
  await writing.query(`INSERT INTO flows (received_at, exporter) VALUES ('2026-11-22 12:00Z', '192.0.2.1')`);
  await making.query(`SET lock_timeout = '2s'`);
  await coverTimes(making, 'flows', [NOON + HOUR], 'hour');
  await writing.query('COMMIT');
  await Promise.all([writing, making].map(disconnect));
});

test('a change of the unit leaves neither a gap nor an overlap', async () => {
  const [client] = await freshClients(1);
  assert(client);
  await coverTimes(client, 'flows', [NOON, NOON + 3 * HOUR], 'hour');
  await coverTimes(client, 'flows', [NOON + HOUR, NOON + 5 * HOUR, NOON - HOUR, NOON + DAY], 'day');
  await coverTimes(client, 'flows', [NOON + DAY + HOUR, NOON + 2 * DAY], 'hour');
  const partitions = await listPartitions(client, 'flows');
  assert.deepEqual(names(partitions).toSorted(), [
    'flows_20261122',
    'flows_20261122_12',
    'flows_20261122_13',
    'flows_20261122_15',
    'flows_20261122_16',
    'flows_20261123',
    'flows_20261124_12',
  ]);
  for (const [index, { upper }] of partitions.entries()) {
    const next = partitions[index + 1];
    if (next !== undefined && !next.name.endsWith('_20261124_12')) assert.equal(next.lower, upper);
  }
  await disconnect(client);
});

test('an interrupted removal is finished by the next run', async () => {
  const [client, reader] = await freshClients(2);
  assert(client && reader);
  await coverTimes(client, 'flows', [NOON - 60 * DAY], 'day');
  await reader.query('BEGIN');
  await reader.query('SELECT count(*) FROM flows');
  await client.query(`SET statement_timeout = '300ms'`);
  await assert.rejects(applyRetention(client, OPTIONS, clockAt(NOON)), /statement timeout/);
  await reader.query('COMMIT');
  await client.query('SET statement_timeout = 0');
  const report = await applyRetention(client, OPTIONS, clockAt(NOON));
  assert.deepEqual(report.droppedPartitions, ['flows_20260923']);
  await Promise.all([client, reader].map(disconnect));
});

test('the name of a partition tells its start', () => {
  assert.equal(missingPartition('flows', [], NOON + 5, 'hour').name, 'flows_20261122_12');
  assert.equal(missingPartition('flows', [], NOON + 5, 'day').name, 'flows_20261122');
});

test('messages have partitions of an hour, also where days are configured', async () => {
  const [client] = await freshClients(1);
  assert(client);
  await applyRetention(client, { ...OPTIONS, partitionBy: 'day' }, clockAt(NOON));
  const messages = names(await listPartitions(client, 'syslog_messages'));
  assert.deepEqual(
    messages,
    ['12', '13', '14'].map((hour) => `syslog_messages_20261122_${hour}`),
  );
  assert.deepEqual(names(await listPartitions(client, 'flows'))[0], 'flows_20261122');
  await disconnect(client);
});

test('over its size a table loses its oldest partitions, whole ones, and never the newest that has rows', async () => {
  const [client] = await freshClients(1);
  assert(client);
  const hours = [5, 4, 3, 2].map((ago) => NOON - ago * HOUR);
  await coverTimes(client, 'flows', hours, 'hour');
  for (const micros of hours) {
    await client.query(
      `INSERT INTO flows (received_at, exporter, extra)
       SELECT $1, '192.0.2.1', jsonb_build_object('filler', repeat(md5(i::text), 4)) FROM generate_series(1, 1000) AS i`,
      [new Date(micros / 1000)],
    );
  }
  await applyRetention(client, OPTIONS, clockAt(NOON)); // the empty ones ahead take their pages, too
  const sizes = await client.query<{ bytes: string }>(
    `SELECT pg_total_relation_size(inhrelid) AS bytes FROM pg_inherits WHERE inhparent = 'flows'::regclass
     ORDER BY 1 DESC`,
  );
  const each = Number(sizes.rows[0]?.bytes);
  const all = sizes.rows.reduce((sum, { bytes }) => sum + Number(bytes), 0);
  assert.ok(each > 100_000, `${each} bytes in a partition`);

  // One and a half too much: the two oldest go.
  const tables = { flows: Math.round(all - 1.5 * each) };
  const report = await applyRetention(client, { ...OPTIONS, maxBytes: { tables } }, clockAt(NOON));
  assert.deepEqual(
    report.droppedForSize.map(({ partition }) => partition),
    ['flows_20261122_07', 'flows_20261122_08'],
  );
  assert.match(report.droppedForSize[0]?.why ?? '', /^flows takes [0-9]+ bytes of the [0-9]+ that it may$/);
  assert.ok((report.droppedForSize[0]?.bytes ?? 0) >= each * 0.9);
  assert.ok(all > tables.flows);

  // No room at all: the newest with rows stays, and so do those of now and later.
  const last = await applyRetention(client, { ...OPTIONS, maxBytes: { tables: {}, total: 1 } }, clockAt(NOON));
  assert.deepEqual(
    last.droppedForSize.map(({ partition }) => partition),
    ['flows_20261122_09'],
  );
  const kept = names(await listPartitions(client, 'flows'));
  assert.deepEqual(
    kept,
    ['10', '12', '13', '14'].map((hour) => `flows_20261122_${hour}`),
  );
  await disconnect(client);
});
