import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { NO_CREDENTIALS } from '../../src/config/snmp-credentials.ts';
import { StorageJob } from '../../src/maintenance/jobs/storage-job.ts';
import { openMaintenance } from '../../src/maintenance/maintenance.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Lifecycle } from '../../src/runtime/lifecycle.ts';
import { connect, disconnect } from '../../storage/database/database.ts';
import { LogLines } from '../support/hand-clock.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';

const KEEP = { partitionBy: 'day', keepDays: 30, keepLedgerDays: 7 } as const;

test('all jobs of maintenance run on an empty database, and those of others with them', async (t) => {
  const database = await startTestDatabase();
  t.after(() => database.stop());
  const client = await connect(database.address);
  t.after(() => disconnect(client));
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  const directory = await temporaryDirectory();
  const environment = { DOGWATCH_CONFIG: '/dev/null', DOGWATCH_STATE_DIRECTORY: directory };
  const { config } = loadConfig({ environment, directory });
  const lines = new LogLines();
  const lifecycle = new Lifecycle(lines.log, 5000);
  let folds = 0;
  const fold = {
    name: 'extra',
    everyMs: 1000,
    run: () => {
      folds += 1;
      return Promise.resolve();
    },
  };
  const maintenance = await openMaintenance(config, NO_CREDENTIALS, database.address, [fold], lifecycle, lines.log);
  try {
    await eventually('each has run', () =>
      Promise.resolve(maintenance.status().jobs.every(({ runs, isRunning }) => runs > 0 && !isRunning)),
    );
  } finally {
    await lifecycle.stop();
  }
  const { jobs, storage } = maintenance.status();
  assert.deepEqual(
    jobs.map(({ name, lastError }) => [name, lastError]),
    ['storage', 'search-indexes', 'recent-times', 'polling', 'fold', 'rollup-retention', 'loss-retention', 'extra'].map(
      (name) => [name, undefined],
    ),
  );
  assert.ok(folds > 0);
  assert.deepEqual(
    storage?.tables.map(({ name }) => name),
    ['counter_samples', 'flows', 'snmp_traps', 'syslog_messages'],
  );
  assert.ok((storage.disk?.freeBytes ?? 0) > 0, 'the embedded database is on a disk of this machine');
  const troubles = lines.all().filter(({ level }) => Number(level) >= 40);
  assert.deepEqual(
    troubles.filter(({ msg }) => msg !== 'room for rows runs short'),
    [],
  );
});

test('a limit that is nearly reached is told of once when that begins, and once when it ends', async (t) => {
  const database = await startTestDatabase();
  t.after(() => database.stop());
  const client = await connect(database.address);
  t.after(() => disconnect(client));
  const lines = new LogLines();
  const maxBytes = { tables: { flows: 2 ** 20 } };
  const job = new StorageJob(database.address, { ...KEEP, maxBytes }, systemClock, lines.log);
  const signal = new AbortController().signal;
  await job.run(signal);
  assert.deepEqual(job.status?.alarms, []);
  await client.query(
    `INSERT INTO flows (received_at, exporter, extra)
     SELECT now(), '192.0.2.1', jsonb_build_object('filler', repeat(md5(i::text), 16)) FROM generate_series(1, 3000) AS i`,
  );
  await job.run(signal);
  await job.run(signal);
  assert.deepEqual(
    job.status?.alarms.map(({ what }) => what),
    ['the limit of flows'],
  );
  assert.equal(job.status.dropped.partitionsOverSize, 0, 'today is never dropped');
  await client.query('TRUNCATE flows');
  await job.run(signal);
  await job.run(signal);
  assert.deepEqual(
    lines.all().map(({ msg, what }) => [msg, what]),
    [
      ['room for rows runs short', 'the limit of flows'],
      ['there is room for rows again', 'the limit of flows'],
    ],
  );
});
