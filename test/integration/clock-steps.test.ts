import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { CollectorStatus } from '../../src/console/status.ts';
import { type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { CollectorProcess } from '../support/collector-process.ts';
import { FaultyDatabase } from '../support/database-faults/faulty-database.ts';
import { differences, NumberedFlows } from '../support/database-faults/numbered-flows.ts';
import { skipWithout } from '../support/packages.ts';
import { temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

const RECORDS_PER_SECOND = 2000;
const HOUR_MS = 3_600_000;
/** Forward, back, and behind the true time: as with a time server that was wrong, and one that was right after all. */
const STEPS_HOURS = [1, 0, -1, 0] as const;
/** How far a row's time may be from the clock at its sending, where an hour is what matters. */
const NEAR_MS = 60_000;
/** Jobs that the schedule knows for a time that is far away are put right once a minute. */
const MENDED_MS = 90_000;

const ONLY_LONG = process.env['ALL_FAULTS'] === undefined ? 'only in npm run test:long' : false;

test(
  'the clock is stepped by an hour, forward and back, and all is stored once with the time that it showed',
  { skip: ONLY_LONG || skipWithout('faketime') },
  async (t) => {
    const database = await FaultyDatabase.start(t, { stateDirectory: await temporaryDirectory() });
    const clock = await SteppedClock.open(await temporaryDirectory());
    const collector = await CollectorProcess.start({
      folder: await temporaryDirectory(),
      databaseUrl: database.url(),
      settings: { workers: 2, batch: { rows: 1000, bytes: '2MiB', age: '100ms' }, journal: { claimTimeout: '5s' } },
      environment: clock.environment,
    });
    t.after(() => collector.kill());
    const load = await NumberedFlows.start(collector.flowPort, RECORDS_PER_SECOND);
    t.after(() => load.stop());
    const client = await database.connect();
    t.after(() => disconnect(client));
    await eventually('jobs run', async () => jobsRun(await collector.status()) > 0);

    const first = await sample(client, load, 0);
    const samples = [first];
    for (const hours of STEPS_HOURS) {
      await clock.step(hours);
      samples.push(await sample(client, load, hours));
    }
    const runsBefore = jobsRun(await collector.status());
    await eventually('jobs go on', async () => jobsRun(await collector.status()) > runsBefore + 2, MENDED_MS);

    const sent = load.stop();
    await eventually('all is received', async () => (await collector.status()).flow.records >= sent);
    await eventually('all is written', async () => (await collector.status()).journal.rows === 0);
    const after = await collector.status();
    await collector.stop();
    assert.deepEqual(await differences(client, sent), { missing: 0, double: 0, wrong: 0 });
    for (const { number, atMs, hours } of samples) {
      const offMs = (await receivedAtMs(client, number)) - (atMs + hours * HOUR_MS);
      assert.ok(Math.abs(offMs) < NEAR_MS, `${number}, received with the clock ${hours} h off: ${offMs} ms beside it`);
    }
    assert.deepEqual(
      after.processes.filter(({ restarts }) => restarts > 0),
      [],
      'nobody was taken for hung',
    );
    assertNoStorm(after, (Date.now() - first.atMs) / 1000);
    t.diagnostic(`${sent} sent; jobs ${after.jobs.map(({ name, runs }) => `${name} ${runs}`).join(', ')}`);
  },
);

interface Sample {
  /** Of a record. */
  readonly number: number;
  /** When it was sent, by the true clock. */
  readonly atMs: number;
  readonly hours: number;
}

/** A record that is sent two seconds from now, when all processes have the new time; resolves when it is stored. */
async function sample(client: DatabaseClient, load: NumberedFlows, hours: number): Promise<Sample> {
  const number = load.sent + 2 * RECORDS_PER_SECOND;
  await eventually('it is sent', () => load.sent > number);
  const atMs = Date.now();
  await eventually('it is stored', async () => !Number.isNaN(await receivedAtMs(client, number)), 40_000);
  return { number, atMs, hours };
}

async function receivedAtMs(client: DatabaseClient, number: number): Promise<number> {
  const { rows } = await client.query<{ at: Date }>(
    `SELECT received_at AS at FROM flows WHERE src_addr = inet '10.0.0.0' + $1::bigint`,
    [number],
  );
  return rows[0]?.at.getTime() ?? NaN;
}

function jobsRun({ jobs }: CollectorStatus): number {
  return jobs.reduce((sum, { runs }) => sum + runs, 0);
}

/** A job may run once more for each step, not once for each time that it would have had in an hour. */
function assertNoStorm({ jobs }: CollectorStatus, seconds: number): void {
  for (const { name, runs, everyMs } of jobs) {
    const most = (seconds * 1000) / everyMs + 3 + 2 * STEPS_HOURS.length;
    assert.ok(runs <= most, `${name} has run ${runs} times in ${seconds} s`);
  }
}
