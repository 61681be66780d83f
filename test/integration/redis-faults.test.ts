import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { CollectorStatus, SharedQueueStatus } from '../../src/console/status.ts';
import { connect, disconnect } from '../../storage/database/database.ts';
import { CollectorProcess } from '../support/collector-process.ts';
import { differences, NumberedFlows } from '../support/database-faults/numbered-flows.ts';
import { type FaultyRedis, startFaultyRedis } from '../support/faulty-redis.ts';
import { skipWithout } from '../support/packages.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import {
  type RedisCluster,
  type SentinelGroup,
  startRedisCluster,
  startSentinelGroup,
} from '../support/redis-groups.ts';

const RECORDS_PER_SECOND = 4000;
/** The fault goes on for so long after the status has told of it: time in which things could pile up. */
const OUTAGE_MS = 3000;
/** What a worker may hold at most: the journal's `memoryBytes`, batches on their way, and what the engine's heap swings by. */
const MEMORY_SWING_BYTES = 120 << 20;
const CATCH_UP_MS = 60_000;

interface Fault {
  readonly redis: Pick<FaultyRedis, 'url'> | RedisCluster['address'] | SentinelGroup['address'];
  readonly strike: () => unknown;
  readonly mend: () => unknown;
  /** What the status says of it, in words; without it Redis stays well. */
  readonly says?: RegExp;
  /** What waits in Redis is lost: then it strikes when nothing waits. */
  readonly forgets?: boolean;
}

const skip = skipWithout('redis-server', 'redis-cli');
/** Together they take minutes: with `ALL_FAULTS` all of them. */
const ONLY_LONG = skip || (process.env['ALL_FAULTS'] === undefined ? 'only in npm run test:long' : false);

test('Redis is killed under load, and comes back with what it had', { skip }, async (t) => {
  const redis = await startFaultyRedis(t);
  const { server } = redis;
  const says = /^Redis is away \(no connection: /;
  await endure(t, { redis, strike: () => server.kill(), mend: () => server.start(), says });
});

test('Redis is full', { skip }, async (t) => {
  const redis = await startFaultyRedis(t);
  const bound = async (maxmemory: string): Promise<unknown> =>
    redis.server.ask('CONFIG', 'SET', 'maxmemory', maxmemory);
  await endure(t, { redis, strike: () => bound('1mb'), mend: () => bound('0'), says: /^Redis is full .*maxmemory/ });
});

test('Redis has become a replica, which does not write', { skip: ONLY_LONG }, async (t) => {
  const redis = await startFaultyRedis(t);
  // Nobody listens on the port of TCPMUX.
  const strike = () => redis.server.ask('REPLICAOF', '127.0.0.1', '1');
  const mend = () => redis.server.ask('REPLICAOF', 'NO', 'ONE');
  await endure(t, { redis, strike, mend, says: /^Redis is away .*READONLY/ });
});

test('Redis is halted: connections stay, answers do not come', { skip: ONLY_LONG }, async (t) => {
  const redis = await startFaultyRedis(t);
  const { server } = redis;
  t.after(() => server.thaw());
  await endure(t, { redis, strike: () => server.freeze(), mend: () => server.thaw(), says: /^Redis is away/ });
});

test('Redis comes back empty, also of the schedules of jobs', { skip: ONLY_LONG }, async (t) => {
  const redis = await startFaultyRedis(t, ['--appendonly', 'no']);
  const { server } = redis;
  const strike = () => server.kill();
  await endure(t, { redis, strike, mend: () => server.start(), says: /^Redis is away/, forgets: true });
});

test('each answer of Redis takes two seconds', { skip: ONLY_LONG }, async (t) => {
  const redis = await startFaultyRedis(t);
  const { wire } = redis;
  await endure(t, { redis, strike: () => (wire.delayMs = 2000), mend: () => (wire.delayMs = 0), says: /^Redis is/ });
});

test('each answer of Redis takes a fifth of a second, which is slow and no trouble', { skip: ONLY_LONG }, async (t) => {
  const redis = await startFaultyRedis(t);
  const { wire } = redis;
  await endure(t, { redis, strike: () => (wire.delayMs = 200), mend: () => (wire.delayMs = 0) });
});

test('the network to Redis is silent, and then its connections break', { skip: ONLY_LONG }, async (t) => {
  const redis = await startFaultyRedis(t);
  const { wire } = redis;
  await endure(t, { redis, strike: () => wire.silence(), mend: () => wire.cut(), says: /^Redis is away/ });
});

test('Redis is told to throw keys away when it is full', { skip: ONLY_LONG }, async (t) => {
  const redis = await startFaultyRedis(t);
  const policy = async (name: string): Promise<unknown> => redis.server.ask('CONFIG', 'SET', 'maxmemory-policy', name);
  const says = /^Redis is away .*maxmemory-policy is allkeys-lru/;
  await endure(t, { redis, strike: () => policy('allkeys-lru'), mend: () => policy('noeviction'), says });
});

test('the primary of a Sentinel group is killed, and its replica takes over', { skip: ONLY_LONG }, async (t) => {
  const group = await startSentinelGroup(t, ['--appendonly', 'yes']);
  const says = /^Redis is away \(no connection: /;
  const mend = () =>
    eventually('the replica is the primary', async () => (await group.primaryPort()) === group.replica.port);
  await endure(t, { redis: group.address, strike: () => group.primary.kill(), mend, says });
});

test('the primary of a cluster that has the queue is killed, and comes back', { skip: ONLY_LONG }, async (t) => {
  const cluster = await startRedisCluster(t, { settings: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  const owner = await cluster.ownerOf('{dogwatch}:totals');
  const says = /^Redis is away/;
  await endure(t, { redis: cluster.address, strike: () => owner.kill(), mend: () => owner.start(), says });
});

/** Live traffic before, through and after a fault, and what has to be true of it whatever the fault. */
async function endure(t: TestContext, fault: Fault): Promise<void> {
  const database = await startTestDatabase();
  t.after(() => database.stop());
  const collector = await startCollector(t, database.connectionString, fault.redis);
  let load = await startLoad(t, collector);
  await eventually('batches go through Redis', async () => {
    const { writer, queue } = await collector.status();
    return writer.rows > RECORDS_PER_SECOND && (queue?.toRedis ?? 0) > 0;
  });
  const before = await collector.status();

  if (fault.forgets === true) await nothingWaits(collector, load.stop());
  await fault.strike();
  if (fault.forgets === true) load = await startLoad(t, collector, load.sent);
  const during = await outage(collector, load, fault);
  await fault.mend();
  await catchUp(collector, load.sent);

  const sent = load.stop();
  await eventually('all of it is well again', async () => isWell(await collector.status()), 60_000);
  const after = await collector.status();
  await collector.stop();
  const client = await connect(database.address);
  assert.deepEqual(await differences(client, sent), { missing: 0, double: 0, wrong: 0 });
  await disconnect(client);
  assertBounded(before, during, after);
  t.diagnostic(`${sent} flows; ${during.warnings.join(' | ')}; ${JSON.stringify(after.queue)}`);
}

async function startLoad(t: TestContext, { flowPort }: CollectorProcess, first = 0): Promise<NumberedFlows> {
  const load = await NumberedFlows.start(flowPort, RECORDS_PER_SECOND, first);
  t.after(() => load.stop());
  return load;
}

async function startCollector(t: TestContext, databaseUrl: string, redis: Fault['redis']): Promise<CollectorProcess> {
  const collector = await CollectorProcess.start({
    folder: await temporaryDirectory(),
    databaseUrl,
    settings: {
      workers: 1,
      batch: { rows: 1000, bytes: '2MiB', age: '100ms' },
      journal: { memoryBytes: '4MiB', segmentBytes: '4MiB' },
      queue: 'bullmq',
      redis: 'url' in redis ? { url: redis.url } : redis,
    },
  });
  t.after(() => collector.kill());
  return collector;
}

/** @returns the status at its end */
async function outage(collector: CollectorProcess, load: NumberedFlows, { says }: Fault): Promise<CollectorStatus> {
  if (says !== undefined) {
    await eventually(`the status says ${says}`, async () =>
      (await collector.status()).warnings.some((text) => says.test(text)),
    );
  }
  const seen = load.sent;
  await pause(OUTAGE_MS);
  const status = await collector.status();
  assert.ok(status.ready, `what arrives is stored: ${status.reasons.join(', ')}`);
  assert.ok(status.flow.records > seen, 'collection goes on');
  if (says === undefined) assert.deepEqual(status.warnings, []);
  else assert.ok(queueOf(status).toJournal > 0, 'the journal had what Redis did not take');
  return status;
}

async function nothingWaits(collector: CollectorProcess, sent: number): Promise<void> {
  await eventually('nothing waits', async () => {
    const { writer, queue } = await collector.status();
    return writer.rows >= sent && queue?.waitingBatches === 0;
  });
}

async function catchUp(collector: CollectorProcess, backlog: number): Promise<void> {
  await eventually(
    'the backlog is written while data arrives',
    async () => {
      const { journal, writer } = await collector.status();
      return writer.rows >= backlog && journal.oldestMs < 2000;
    },
    CATCH_UP_MS,
  );
}

function isWell(status: CollectorStatus): boolean {
  const { ready, warnings, jobs } = status;
  const jobsGoOn = jobs.length > 0 && jobs.every(({ nextAt }) => nextAt !== undefined);
  return ready && warnings.length === 0 && jobsGoOn && queueOf(status).state === 'well';
}

function queueOf({ queue }: CollectorStatus): SharedQueueStatus {
  assert.ok(queue);
  return queue;
}

function assertBounded(before: CollectorStatus, during: CollectorStatus, after: CollectorStatus): void {
  for (const status of [during, after]) {
    const grown = workerMemory(status) - workerMemory(before);
    assert.ok(grown < MEMORY_SWING_BYTES, `the worker grew by ${grown} bytes`);
  }
  assert.equal(after.writer.rejectedRows, 0);
}

function workerMemory({ processes }: CollectorStatus): number {
  return processes.find(({ name }) => name === 'worker 1')?.memoryBytes ?? 0;
}
