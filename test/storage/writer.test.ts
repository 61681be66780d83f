import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { APPLICATIONS, EXPORTERS, FLOWS, INTERFACES } from '../../collectors/flow/tables.ts';
import { SYSLOG_DEVICES } from '../../collectors/syslog/tables.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { SealedBatch } from '../../storage/batch/batch-format.ts';
import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { Journal } from '../../storage/journal/journal.ts';
import { Writer, type WrittenBatch } from '../../storage/writer.ts';
import { type Row, sealedBatch } from '../support/batches.ts';
import { startTestDatabase, temporaryDirectory, type TestDatabase } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';

const NOON = Date.UTC(2026, 10, 22, 12) * 1000;
const HOUR = 3_600_000_000;

interface Bench {
  database: TestDatabase;
  client: DatabaseClient;
  journal: Journal;
  writer: Writer;
  written: WrittenBatch[];
  store: (...batches: SealedBatch[]) => Promise<void>;
  count: (sql: string) => Promise<number>;
}

async function bench(context: TestContext): Promise<Bench> {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  const options = { directory: await temporaryDirectory(), minFreeBytes: 0 };
  const journal = new Journal(options, systemClock, silentLog);
  await journal.open();
  const written: WrittenBatch[] = [];
  const writer = new Writer(
    journal,
    { address: database.address, node: 'a', partitionBy: 'hour', onWritten: (batch) => written.push(batch) },
    systemClock,
    silentLog,
  );
  await writer.start();
  context.after(async () => {
    await writer.stop();
    await journal.close();
    await disconnect(client);
    await database.stop();
  });
  return {
    database,
    client,
    journal,
    writer,
    written,
    store: async (...batches) => {
      for (const batch of batches) assert(await journal.append(batch));
      assert(await writer.drain(20_000));
    },
    count: async (sql) => Number((await client.query<{ count: string }>(sql)).rows[0]?.count),
  };
}

function flow(bytes: number, more: Row = {}): Row {
  return { received_at: NOON, exporter: '192.0.2.1', src_addr: '198.51.100.7', bytes, ...more };
}

test('rows of every type arrive as they were sent, and the ledger has the batch', async (context) => {
  const { store, client, writer } = await bench(context);
  const row = flow(1500, {
    flow_start: NOON - 1,
    packets: 3,
    protocol: 6,
    sampling_rate: 1000,
    sampling_source: 'r',
    application_id: '13:80',
    extra: '{"ipTTL": 64}',
  });
  const batch = sealedBatch(FLOWS, [row]);
  await store(batch);
  const found = await client.query(
    `SELECT received_at, flow_start::text, bytes, packets, protocol, sampling_rate, sampling_source, host(src_addr) AS src,
       application_id, extra, dst_addr FROM flows`,
  );
  assert.deepEqual(found.rows, [
    {
      received_at: new Date(NOON / 1000),
      flow_start: '2026-11-22 11:59:59.999999+00',
      bytes: '1500',
      packets: '3',
      protocol: 6,
      sampling_rate: 1000,
      sampling_source: 'r',
      src: '198.51.100.7',
      application_id: '13:80',
      extra: { ipTTL: 64 },
      dst_addr: null,
    },
  ]);
  const ledger = await client.query('SELECT id, table_name, rows, node FROM batches');
  assert.deepEqual(ledger.rows, [{ id: batch.id, table_name: 'flows', rows: 1, node: 'a' }]);
  assert.equal(writer.totals.rows, 1);
});

test('a batch that comes again is acknowledged and not written again', async (context) => {
  const { store, count, writer } = await bench(context);
  const batch = sealedBatch(FLOWS, [flow(1), flow(2)]);
  await store(batch);
  await store(batch);
  assert.equal(await count('SELECT count(*) FROM flows'), 2);
  assert.deepEqual([writer.totals.batches, writer.totals.knownBatches], [2, 1]);
});

test('rows of any age find a partition, also several of one batch that its header does not tell', async (context) => {
  const { store, client } = await bench(context);
  const times = [NOON, NOON - 30 * HOUR, NOON + 3 * HOUR, 0];
  const scattered = sealedBatch(
    FLOWS,
    times.map((received_at) => flow(1, { received_at })),
  );
  await store({ ...scattered, earliestMicros: NOON, latestMicros: NOON });
  const found = await client.query('SELECT DISTINCT tableoid::regclass::text AS name FROM flows ORDER BY 1');
  assert.deepEqual(
    found.rows.map((row: { name: string }) => row.name),
    ['flows_19700101_00', 'flows_20261121_06', 'flows_20261122_12', 'flows_20261122_15'],
  );
});

test('a partition that was dropped behind the back of the writer is made again', async (context) => {
  const { store, client, count } = await bench(context);
  await store(sealedBatch(FLOWS, [flow(1)]));
  await client.query('DROP TABLE flows_20261122_12');
  await store(sealedBatch(FLOWS, [flow(2), flow(3)]));
  assert.equal(await count('SELECT count(*) FROM flows'), 2);
});

test('rows that the database refuses are kept aside, each of them, and the others are stored', async (context) => {
  const { store, client, count, writer } = await bench(context);
  const rows = Array.from({ length: 1000 }, (_, index) => flow(index));
  for (const bad of [0, 17, 500, 999]) rows[bad] = flow(bad, { extra: '{"broken' });
  const batch = sealedBatch(FLOWS, rows);
  await store(batch, sealedBatch(FLOWS, [flow(5000)]));
  assert.equal(await count('SELECT count(*) FROM flows'), 997);
  const rejected = await client.query(
    'SELECT batch_id, row_number, left(error, 5) AS state FROM rejected_rows ORDER BY 2',
  );
  assert.deepEqual(
    rejected.rows,
    [0, 17, 500, 999].map((row_number) => ({ batch_id: batch.id, row_number, state: '22P02' })),
  );
  assert.deepEqual([writer.totals.rows, writer.totals.rejectedRows], [997, 4]);
});

test('a body that is not made of rows is kept aside as a whole', async (context) => {
  const { store, count } = await bench(context);
  const whole = sealedBatch(FLOWS, [flow(1), flow(2)]);
  await store({ ...whole, body: whole.body.subarray(0, whole.body.length - 3) });
  assert.equal(await count('SELECT count(*) FROM flows'), 0);
  assert.equal(await count('SELECT sum(length(row)) AS count FROM rejected_rows'), whole.body.length - 3);
});

test('the counts of an exporter add up over batches, rows and connections', async (context) => {
  const { store, client } = await bench(context);
  const seen = (at: number, lost: number, exporter = '192.0.2.1'): Row => {
    const none = { records: 0, reordered: 0, restarts: 0, undecodable: 0, held: 0, held_expired: 0 };
    return { ...none, seen_at: at, observation_domain: 0, datagrams: 10, lost, exporter, protocol: 'ipfix' };
  };
  const batches = Array.from({ length: 20 }, (_, index) =>
    sealedBatch(EXPORTERS, [seen(NOON + index, 1), seen(NOON - index, 2), seen(NOON, 0, '192.0.2.2')]),
  );
  await store(...batches);
  const found = await client.query(
    'SELECT host(exporter) AS exporter, datagrams, lost, first_seen::text, last_seen::text FROM exporters ORDER BY 1',
  );
  const noon = '2026-11-22 12:00:00+00';
  assert.deepEqual(found.rows, [
    {
      exporter: '192.0.2.1',
      datagrams: '400',
      lost: '60',
      first_seen: '2026-11-22 11:59:59.999981+00',
      last_seen: '2026-11-22 12:00:00.000019+00',
    },
    { exporter: '192.0.2.2', datagrams: '200', lost: '0', first_seen: noon, last_seen: noon },
  ]);
});

test('of names the newest wins, whatever the order in which they come', async (context) => {
  const { store, client } = await bench(context);
  const name = (seen_at: number, text: string): Row => ({ seen_at, if_index: 3, exporter: '192.0.2.1', name: text });
  await store(sealedBatch(INTERFACES, [name(NOON, 'old'), name(NOON + 2, 'newest'), name(NOON + 1, 'newer')]));
  await store(sealedBatch(INTERFACES, [name(NOON, 'late')]));
  const application = { exporter: '192.0.2.1', application_id: '13:80', name: 'http' };
  await store(sealedBatch(APPLICATIONS, [{ ...application, seen_at: NOON }]));
  await store(sealedBatch(APPLICATIONS, [{ ...application, seen_at: NOON + 1, name: undefined, category: 'web' }]));
  assert.deepEqual((await client.query('SELECT if_index, name FROM interfaces')).rows, [
    { if_index: '3', name: 'newest' },
  ]);
  assert.deepEqual((await client.query('SELECT name, category FROM applications')).rows, [
    { name: 'http', category: 'web' },
  ]);
});

test('what devices of syslog are known by is merged: counts added, times widened, the newest name kept', async (context) => {
  const { store, client } = await bench(context);
  const device = {
    device: '192.0.2.7',
    first_seen: NOON,
    last_seen: NOON + 10,
    messages: 5,
    unparsed: 1,
    cut: 0,
    dropped: 2,
  };
  await store(sealedBatch(SYSLOG_DEVICES, [{ ...device, hostname: 'core-1', vendor: 'cisco', clock_offset_ms: -300 }]));
  // Waited in a journal: older, and must not win.
  const older = { ...device, first_seen: NOON - 20, last_seen: NOON - 10, hostname: 'old-name', dialect: 'cisco' };
  await store(sealedBatch(SYSLOG_DEVICES, [older]));
  await store(sealedBatch(SYSLOG_DEVICES, [{ ...device, last_seen: NOON + 30, messages: 1, dropped: 0 }]));
  const { rows } = await client.query(
    `SELECT messages, unparsed, dropped, hostname, vendor, dialect, clock_offset_ms,
       extract(epoch FROM last_seen - first_seen) * 1000000 AS span FROM syslog_devices`,
  );
  const [{ span, ...merged } = { span: 0 }] = rows;
  assert.equal(Number(span), 50);
  assert.deepEqual(merged, {
    messages: '11',
    unparsed: '3',
    dropped: '4',
    hostname: 'core-1',
    vendor: 'cisco',
    dialect: 'cisco',
    clock_offset_ms: '-300',
  });
});

test('sessions that are ended under load cost no row and double none', async (context) => {
  const { store, client, count, writer } = await bench(context);
  const batches = Array.from({ length: 40 }, () =>
    sealedBatch(
      FLOWS,
      Array.from({ length: 500 }, (_, index) => flow(index)),
    ),
  );
  const stored = store(...batches);
  await eventually('it writes', () => writer.totals.batches > 0);
  for (let round = 0; round < 10; round += 1) {
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
  }
  await stored;
  assert.equal(await count('SELECT count(*) FROM flows'), 20_000);
  assert.equal(await count('SELECT sum(rows) AS count FROM batches'), 20_000);
  assert(writer.totals.failures > 0);
  assert(writer.isHealthy);
});

test('sampling is applied in flows_scaled, beyond the range of int8 where it must', async (context) => {
  const { store, client } = await bench(context);
  const huge = Number.MAX_SAFE_INTEGER;
  await store(sealedBatch(FLOWS, [flow(10), flow(huge, { sampling_rate: 2_000_000 })]));
  const found = await client.query('SELECT scaled_bytes FROM flows_scaled ORDER BY bytes');
  assert.deepEqual(found.rows, [{ scaled_bytes: '10' }, { scaled_bytes: String(BigInt(huge) * 2_000_000n) }]);
});
