import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithout } from '../support/packages.ts';
import { eventually } from '../support/processes.ts';
import { startRedisCluster } from '../support/redis-groups.ts';
import { appendAll, batches, becomes, database, queueOn, storedOnce, writerOf } from '../support/shared-queue.ts';

const skip = skipWithout('redis-server', 'redis-cli');
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];
const TOTALS = '{dogwatch}:totals';

test(
  'the primary of a cluster that has the queue is killed and comes back, and each batch is stored once',
  {
    skip,
  },
  async (context) => {
    const [cluster, store] = await Promise.all([startRedisCluster(context, { settings: DURABLE }), database(context)]);
    const { queue } = await queueOn(context, { url: '' }, { address: cluster.address, timeoutMs: 1000, ahead: 1 });
    await appendAll(queue, batches(20));
    assert.equal(queue.status().toRedis, 20, 'all keys are in one slot');
    const owner = await cluster.ownerOf(TOTALS);
    assert.equal(await owner.ask('HGET', TOTALS, 'rows'), '2000');

    await owner.kill();
    await appendAll(queue, batches(20, 20));
    assert.equal(queue.status().toJournal, 20, 'the journal takes what the cluster does not');
    await owner.start();
    await becomes(queue, 'well');
    await appendAll(queue, batches(20, 40));
    await writerOf(context, queue, store).start();
    await storedOnce(store, 60);
    await eventually('no data is left', async () => (await owner.ask('KEYS', '*:batch:*')) === '');
  },
);

test('a replica takes over in a cluster, and each batch is stored once', { skip }, async (context) => {
  const starting = startRedisCluster(context, { settings: DURABLE, replicas: 1 });
  const [cluster, store] = await Promise.all([starting, database(context)]);
  const { queue } = await queueOn(context, { url: '' }, { address: cluster.address, timeoutMs: 1000, ahead: 1 });
  await appendAll(queue, batches(20));
  assert.equal(queue.status().toRedis, 20);
  const owner = await cluster.ownerOf(TOTALS);
  await owner.kill();
  await appendAll(queue, batches(20, 20));
  await becomes(queue, 'well');
  const before = queue.status().toRedis;
  await appendAll(queue, batches(20, 40));
  assert.equal(queue.status().toRedis, before + 20, 'the new primary takes them');
  await writerOf(context, queue, store).start();
  await storedOnce(store, 60);
});
