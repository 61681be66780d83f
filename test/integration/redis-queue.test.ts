import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { FLOWS } from '../../collectors/flow/tables.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { SealedBatch } from '../../storage/batch/batch-format.ts';
import { uuidV7 } from '../../storage/batch/uuid.ts';
import { connect, disconnect } from '../../storage/database/database.ts';
import { Journal } from '../../storage/journal/journal.ts';
import { BullmqQueue, type BullmqQueueOptions } from '../../storage/redis/bullmq-queue.ts';
import { Writer } from '../../storage/writer.ts';
import { sealedBatch } from '../support/batches.ts';
import { skipWithout } from '../support/packages.ts';
import { startTestDatabase, temporaryDirectory, type TestDatabase } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { RedisServer } from '../support/redis.ts';

const skip = skipWithout('redis-server', 'redis-cli');
const NOON = Date.UTC(2026, 10, 22, 12) * 1000;
const ROWS = 100;

type Options = Partial<Omit<BullmqQueueOptions, 'address'>>;

async function redisFor(context: TestContext, settings: readonly string[] = []): Promise<RedisServer> {
  const redis = await RedisServer.start(await temporaryDirectory(), settings);
  context.after(() => redis.kill());
  return redis;
}

/** A queue with a journal of its own, once it is `well`. */
async function queueOn(context: TestContext, redis: RedisServer, options: Options = {}) {
  const directory = await temporaryDirectory();
  const journal = new Journal({ directory, minFreeBytes: 0 }, systemClock, silentLog);
  await journal.open();
  const queue = new BullmqQueue(
    { address: { url: redis.url }, timeoutMs: 300, ...options },
    journal,
    systemClock,
    silentLog,
  );
  await queue.open();
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await queue.close();
    await journal.close();
  };
  context.after(close);
  await becomes(queue, 'well');
  return { queue, journal, close };
}

async function becomes(queue: BullmqQueue, state: string): Promise<void> {
  await eventually(`Redis is ${state}`, () => queue.status().state === state);
}

/** `flows.bytes` of each row is another number, so that what is stored can be compared with what was sent. */
function batches(count: number, from = 0): SealedBatch[] {
  return Array.from({ length: count }, (_, index) => {
    const rows = Array.from({ length: ROWS }, (_row, row) => ({
      received_at: NOON,
      exporter: '192.0.2.1',
      bytes: (from + index) * ROWS + row,
    }));
    return sealedBatch(FLOWS, rows, uuidV7(systemClock.nowMicros()));
  });
}

async function appendAll(queue: BullmqQueue, all: readonly SealedBatch[]): Promise<void> {
  const accepted = await Promise.all(all.map((batch) => queue.append(batch)));
  assert(accepted.every(Boolean), 'every batch is accepted');
}

function writerOf(context: TestContext, queue: BullmqQueue, database: TestDatabase, node = 'a'): Writer {
  const writer = new Writer(queue, { address: database.address, node, partitionBy: 'hour' }, systemClock, silentLog);
  context.after(() => writer.stop());
  return writer;
}

/** Waits until rows 0 … `batchCount * ROWS` - 1 are stored. */
async function storedOnce(database: TestDatabase, batchCount: number): Promise<void> {
  const client = await connect(database.address);
  const ask = async () => {
    const { rows } = await client.query<Record<'rows' | 'different' | 'highest', string>>(
      'SELECT count(*) AS rows, count(DISTINCT bytes) AS different, max(bytes) AS highest FROM flows',
    );
    return { rows: Number(rows[0]?.rows), different: Number(rows[0]?.different), highest: Number(rows[0]?.highest) };
  };
  const expected = batchCount * ROWS;
  try {
    await eventually('all rows are stored', async () => (await ask()).different >= expected, 30_000);
    assert.deepEqual(await ask(), { rows: expected, different: expected, highest: expected - 1 });
  } finally {
    await disconnect(client);
  }
}

async function database(context: TestContext): Promise<TestDatabase> {
  const made = await startTestDatabase();
  context.after(() => made.stop());
  return made;
}

test('batches go through Redis into the database, and leave nothing there', { skip }, async (context) => {
  const [redis, store] = await Promise.all([redisFor(context), database(context)]);
  const { queue } = await queueOn(context, redis);
  await appendAll(queue, batches(20));
  assert.equal(queue.status().toRedis, 20);
  await writerOf(context, queue, store).start();
  await storedOnce(store, 20);
  await eventually('no data is left', async () => (await redis.ask('KEYS', '*:batch:*')) === '');
  assert.equal(await redis.ask('ZCARD', '{dogwatch}:batches:failed'), '0');
  assert.equal(await redis.ask('HVALS', '{dogwatch}:totals'), '0\n0');
  await eventually('nothing is waiting', () => queue.depth().batches === 0);
});

test('a batch that is appended twice waits once', { skip }, async (context) => {
  const redis = await redisFor(context);
  const { queue } = await queueOn(context, redis, { ahead: 1 });
  const [batch] = batches(1);
  assert(batch);
  await appendAll(queue, [batch, batch]);
  const taken = await queue.next();
  assert.deepEqual(taken?.encoded, batch.encoded);
  assert.equal(await redis.ask('HGET', '{dogwatch}:totals', 'rows'), String(ROWS));
  queue.acknowledge(batch.id);
  await eventually('nothing is left', async () => (await redis.ask('KEYS', '*:batch:*')) === '');
  assert.equal(await redis.ask('LLEN', '{dogwatch}:batches:wait'), '0');
});

test('a batch that was given back comes again', { skip }, async (context) => {
  const redis = await redisFor(context);
  const { queue } = await queueOn(context, redis);
  const [batch] = batches(1);
  assert(batch);
  await appendAll(queue, [batch]);
  assert.equal((await queue.next())?.id, batch.id);
  queue.giveBack(batch.id);
  assert.equal((await queue.next())?.id, batch.id);
});

test('while Redis is gone batches go to the journal, and from there to the writer', { skip }, async (context) => {
  const [redis, store] = await Promise.all([redisFor(context), database(context)]);
  const { queue } = await queueOn(context, redis);
  await redis.kill();
  await appendAll(queue, batches(20));
  assert.equal(queue.status().toJournal, 20);
  assert.equal(queue.status().state, 'away');
  await writerOf(context, queue, store).start();
  await storedOnce(store, 20);
});

test('what the journal took goes on to Redis when that is back, also without a writer', { skip }, async (context) => {
  const redis = await redisFor(context);
  const { queue, journal } = await queueOn(context, redis);
  await redis.kill();
  await appendAll(queue, batches(20));
  await redis.start();
  await becomes(queue, 'well');
  await eventually('the journal is empty', () => journal.depth().batches === 0);
  assert.equal(queue.status().forwarded, 20);
  assert.equal(await redis.ask('HGET', '{dogwatch}:totals', 'rows'), String(20 * ROWS));
});

test(
  'a Redis that appends each write to its file loses nothing when it is killed in mid-stream',
  { skip },
  async (context) => {
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always'];
    const [redis, store] = await Promise.all([redisFor(context, durable), database(context)]);
    const { queue } = await queueOn(context, redis);
    await appendAll(queue, batches(20));
    const during = appendAll(queue, batches(20, 20));
    await redis.kill();
    await during;
    await appendAll(queue, batches(20, 40));
    await writerOf(context, queue, store).start();
    await redis.start();
    await storedOnce(store, 60);
  },
);

test('a full Redis sends batches to the journal, and goes on when the writer made room', { skip }, async (context) => {
  const [redis, store] = await Promise.all([redisFor(context, ['--maxmemory', '4mb']), database(context)]);
  const { queue } = await queueOn(context, redis);
  const count = 400;
  for (let from = 0; from < count; from += 20) await appendAll(queue, batches(20, from));
  const { toRedis, toJournal } = queue.status();
  assert(toRedis > 0 && toJournal > 0, JSON.stringify(queue.status()));
  await writerOf(context, queue, store).start();
  await storedOnce(store, count);
  await becomes(queue, 'well');
});

test('a silent Redis is given up after the time-out, and taken again when it answers', { skip }, async (context) => {
  const [redis, store] = await Promise.all([redisFor(context), database(context)]);
  const { queue } = await queueOn(context, redis);
  await appendAll(queue, batches(10));
  redis.freeze();
  await appendAll(queue, batches(10, 10));
  assert.equal(queue.status().state, 'away');
  redis.thaw();
  await becomes(queue, 'well');
  await writerOf(context, queue, store).start();
  await storedOnce(store, 20);
});

test('a Redis that pauses writes is slow, and costs nothing', { skip }, async (context) => {
  const [redis, store] = await Promise.all([redisFor(context), database(context)]);
  const { queue } = await queueOn(context, redis);
  await redis.ask('CLIENT', 'PAUSE', '2000', 'WRITE');
  await appendAll(queue, batches(10));
  assert.equal(queue.status().toJournal, 10);
  await becomes(queue, 'well');
  await writerOf(context, queue, store).start();
  await storedOnce(store, 10);
});

test('a Redis that may throw keys away gets no batch', { skip }, async (context) => {
  const redis = await redisFor(context);
  const { queue } = await queueOn(context, redis);
  await redis.ask('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  await becomes(queue, 'away');
  assert.match(queue.status().lastError ?? '', /maxmemory-policy is allkeys-lru/);
  await appendAll(queue, batches(1));
  assert.equal(queue.status().toJournal, 1);
});

test('two nodes drain one queue, each batch once', { skip }, async (context) => {
  const [redis, store] = await Promise.all([redisFor(context), database(context)]);
  const [one, other] = [await queueOn(context, redis), await queueOn(context, redis)];
  await appendAll(one.queue, batches(40));
  await appendAll(other.queue, batches(40, 40));
  const writers = [writerOf(context, one.queue, store, 'a'), writerOf(context, other.queue, store, 'b')];
  await Promise.all(writers.map((writer) => writer.start()));
  await storedOnce(store, 80);
});
