import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JobScheduler } from '../../src/maintenance/job-scheduler.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { LogLines } from '../support/hand-clock.ts';
import { skipWithout } from '../support/packages.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { RedisServer } from '../support/redis.ts';

const skip = skipWithout('redis-server');

test('with the schedule in Redis jobs wait while it is away, and go on when it is back', { skip }, async (t) => {
  const database = await startTestDatabase();
  t.after(() => database.stop());
  const redis = await RedisServer.start(await temporaryDirectory());
  t.after(() => redis.kill());
  const lines = new LogLines();
  let runs = 0;
  const job = {
    name: 'sweep',
    everyMs: 500,
    run: () => {
      runs += 1;
      return Promise.resolve();
    },
  };
  const connection = { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null, retryStrategy: () => 200 };
  const { address } = database;
  const place = { kind: 'redis', connection, prefix: 'dogwatch' } as const;
  const scheduler = new JobScheduler([job], { place, address }, systemClock, lines.log);
  await scheduler.start();
  try {
    await eventually('it runs', () => runs >= 2);
    await redis.kill();
    await eventually('it is told', () => scheduler.status.trouble !== undefined);
    const before = runs;
    await redis.start();
    await eventually('it runs again', () => runs >= before + 2);
  } finally {
    await scheduler.stop();
  }
  const told = lines.all().map(({ msg }) => msg);
  assert.deepEqual(told.slice(0, 2), ['maintenance jobs wait', 'maintenance jobs go on']);
});
