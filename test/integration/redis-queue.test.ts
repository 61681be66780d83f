import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithout } from '../support/packages.ts';
import { eventually } from '../support/processes.ts';
import {
  appendAll,
  batches,
  becomes,
  database,
  queueOn,
  redisFor,
  ROWS,
  storedOnce,
  writerOf,
} from '../support/shared-queue.ts';

const skip = skipWithout('redis-server', 'redis-cli');

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
