import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import type { Job } from '../../src/maintenance/job.ts';
import { JobScheduler } from '../../src/maintenance/job-scheduler.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { connect, type DatabaseAddress, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { EmbeddedPostgres } from '../../storage/embedded/embedded-postgres.ts';
import { LogLines } from '../support/hand-clock.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';

const HOUR_MS = 3_600_000;
const CHILD = new URL('../support/maintenance-child.ts', import.meta.url);

test('a job is run at once, and then has one next time in the database', async (t) => {
  const { address, client } = await database(t);
  const { job, ran } = counted('sweep', HOUR_MS);
  const scheduler = start(t, [job], address);
  await ran(1);
  await eventually('the run is recorded', () => Promise.resolve(scheduler.status.jobs[0]?.isRunning === false));
  const [status] = scheduler.status.jobs;
  assert.equal(status?.runs, 1);
  assert.equal(status.lastError, undefined);
  assert.ok(Date.parse(status.nextAt ?? '') > Date.now(), `due in the future: ${status.nextAt}`);
  await scheduler.stop();
  assert.equal(await waiting(client), 1);
});

test('what was down for an hour runs once, and not once for each time that it missed', async (t) => {
  const { address, client } = await database(t);
  const everyMs = 60_000;
  const before = counted('sweep', everyMs);
  const earlier = start(t, [before.job], address);
  await before.ran(1);
  await earlier.stop();
  await setBack(client, HOUR_MS);
  const after = counted('sweep', everyMs);
  const later = start(t, [after.job], address);
  await after.ran(1);
  await eventually('the next time is known', () =>
    Promise.resolve(Date.parse(later.status.jobs[0]?.nextAt ?? '') > Date.now()),
  );
  await later.stop();
  assert.equal(after.runs(), 1);
  assert.equal(await waiting(client), 1);
});

test('a clock that was set back by an hour does not hold a job up for an hour', async (t) => {
  const { address, client } = await database(t);
  const before = counted('sweep', 60_000);
  const earlier = start(t, [before.job], address);
  await before.ran(1);
  await earlier.stop();
  await setBack(client, -HOUR_MS);
  const after = counted('sweep', 60_000);
  const later = start(t, [after.job], address);
  await after.ran(1);
  await later.stop();
  assert.equal(await waiting(client), 1);
});

test('of two processes one runs a job; killed in it, the other one does', async (t) => {
  const { connectionString } = await database(t);
  const first = child(t, connectionString);
  await says(first, 'began');
  const second = child(t, connectionString);
  let secondBegan = false;
  second.on('message', (message) => (secondBegan ||= message === 'began'));
  const client = await connect({ connectionString });
  t.after(() => disconnect(client));
  await eventually('both hold a session', async () => (await sessions(client)) === 2);
  assert.equal(secondBegan, false);
  first.kill('SIGKILL');
  await eventually('the second one runs it', () => Promise.resolve(secondBegan));
  second.send('stop');
  await says(second, 'aborted');
  await once(second, 'exit');
  assert.equal(second.exitCode, 0);
});

test('a job that another session holds the lock of does not run, whatever the queue says', async (t) => {
  const { address, client } = await database(t);
  await client.query(`SELECT pg_advisory_lock(hashtext('dogwatch job'), hashtext('held'))`);
  const held = counted('held', 100);
  const free = counted('free', 100);
  const scheduler = start(t, [held.job, free.job], address);
  await free.ran(3);
  assert.equal(held.runs(), 0);
  await client.query(`SELECT pg_advisory_unlock_all()`);
  await held.ran(1);
  await scheduler.stop();
});

test('a run that takes longer than its interval is not begun a second time beside it', async (t) => {
  const { address } = await database(t);
  let now = 0;
  let most = 0;
  const other = counted('other', 100);
  const long: Job = {
    name: 'long',
    everyMs: 100,
    async run(signal) {
      most = Math.max(most, (now += 1));
      await Promise.race([other.ran(other.runs() + 5), once(signal, 'abort')]);
      now -= 1;
    },
  };
  const scheduler = start(t, [long, other.job], address);
  await other.ran(12);
  await scheduler.stop();
  assert.equal(most, 1);
});

test('a job that throws is told of once, counted, and tried again', async (t) => {
  const { address } = await database(t);
  const lines = new LogLines();
  const { job, ran } = counted('sweep', 100, (run) => {
    if (run <= 3) throw new Error('no room');
  });
  const scheduler = start(t, [job], address, lines);
  await ran(5);
  await scheduler.stop();
  const [status] = scheduler.status.jobs;
  assert.equal(status?.failures, 3);
  assert.equal(status.lastError, undefined);
  assert.deepEqual(
    lines.all().map(({ msg, error }) => [msg, error]),
    [
      ['a maintenance job failed, it is tried again when it is due', 'no room'],
      ['a maintenance job works again', undefined],
    ],
  );
});

test('jobs wait while they are held back', async (t) => {
  const { address } = await database(t);
  let why: string | undefined = 'the schema is not up to date';
  const { job, ran, runs } = counted('sweep', HOUR_MS);
  const options = { place: { kind: 'postgres', address }, address, holdBack: () => why } as const;
  const scheduler = new JobScheduler([job], options, systemClock, silentLog);
  t.after(() => scheduler.stop());
  await scheduler.start();
  assert.equal(scheduler.status.trouble, 'the schema is not up to date');
  assert.equal(runs(), 0);
  why = undefined;
  await ran(1);
});

test('jobs wait for a database that is stopped, running ones are aborted, and one line tells of each change', async (t) => {
  const stateDirectory = await temporaryDirectory();
  const settings = { fsync: 'off', shared_buffers: '64MB' };
  const server = new EmbeddedPostgres({ stateDirectory, settings }, silentLog);
  await server.start();
  const lines = new LogLines();
  const began: AbortSignal[] = [];
  let wake = (): void => {};
  const job: Job = {
    name: 'long',
    everyMs: HOUR_MS,
    async run(signal) {
      began.push(signal);
      wake();
      await once(signal, 'abort');
    },
  };
  const scheduler = start(t, [job], server.address, lines);
  await new Promise<void>((resolve) => (wake = resolve));
  const aborted = once(began[0] ?? new EventTarget(), 'abort');
  await server.stop();
  await aborted;
  await eventually('it is told', () => Promise.resolve(scheduler.status.trouble !== undefined));
  const again = new EmbeddedPostgres({ stateDirectory, settings }, silentLog);
  t.after(() => again.stop());
  const resumed = new Promise<void>((resolve) => (wake = resolve));
  await again.start();
  await resumed;
  await scheduler.stop();
  assert.deepEqual(
    lines.all().map(({ msg }) => msg),
    ['maintenance jobs wait', 'maintenance jobs go on'],
  );
});

async function database(
  t: TestContext,
): Promise<{ address: DatabaseAddress; connectionString: string; client: DatabaseClient }> {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  t.after(async () => {
    await disconnect(client);
    await database.stop();
  });
  return { ...database, client };
}

function start(t: TestContext, jobs: readonly Job[], address: DatabaseAddress, lines = new LogLines()): JobScheduler {
  const scheduler = new JobScheduler(jobs, { place: { kind: 'postgres', address }, address }, systemClock, lines.log);
  t.after(() => scheduler.stop());
  void scheduler.start();
  return scheduler;
}

/** A job that counts its runs, and can be waited for. */
function counted(name: string, everyMs: number, act: (run: number) => void = () => {}) {
  let runs = 0;
  const waiters = new Set<() => void>();
  const job: Job = {
    name,
    everyMs,
    run() {
      runs += 1;
      for (const waiter of waiters) waiter();
      return new Promise((resolve) => resolve(act(runs)));
    },
  };
  const ran = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (runs < count) return;
        waiters.delete(check);
        resolve();
      };
      waiters.add(check);
      check();
    });
  return { job, ran, runs: () => runs };
}

/** Jobs in the schedule, in whatever state. */
async function waiting(client: DatabaseClient): Promise<number> {
  return Number((await client.query<{ count: string }>('SELECT count(*) FROM dogwatch_jobs.job')).rows[0]?.count);
}

/** The next times, as they would be after a while without anybody. */
async function setBack(client: DatabaseClient, ms: number): Promise<void> {
  await client.query(`UPDATE dogwatch_jobs.scheduler SET next_run_ms = next_run_ms - ${ms}`);
  await client.query(
    `UPDATE dogwatch_jobs.job
     SET process_at_ms = process_at_ms - ${ms}, id = 'repeat:' || scheduler_id || ':' || process_at_ms - ${ms}`,
  );
}

/** Processes that may run jobs. */
async function sessions(client: DatabaseClient): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'dogwatch job locks'`,
  );
  return Number(rows[0]?.count);
}

function child(t: TestContext, connectionString: string): ChildProcess {
  const forked = fork(CHILD, [connectionString]);
  t.after(() => void forked.kill('SIGKILL'));
  return forked;
}

async function says(forked: ChildProcess, word: string): Promise<void> {
  for (;;) {
    const [message]: unknown[] = await once(forked, 'message');
    if (message === word) return;
  }
}
