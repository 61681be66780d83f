import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithout } from '../support/packages.ts';
import { eventually } from '../support/processes.ts';
import { startSentinelGroup } from '../support/redis-groups.ts';
import { appendAll, batches, becomes, database, queueOn, storedOnce, writerOf } from '../support/shared-queue.ts';

const skip = skipWithout('redis-server', 'redis-cli');
/** Sentinels take ten seconds until they tell the old primary whom to follow. */
const ONLY_LONG = process.env['ALL_FAULTS'] === undefined ? 'only in npm run test:long' : false;
const DURABLE = ['--appendonly', 'yes'];

test('batches go on through a failover of a Sentinel group, and each is stored once', { skip }, async (context) => {
  const [group, store] = await Promise.all([startSentinelGroup(context, DURABLE), database(context)]);
  const { queue } = await queueOn(context, { url: '' }, { address: group.address, timeoutMs: 1000, ahead: 1 });
  await appendAll(queue, batches(20));
  assert.equal(queue.status().toRedis, 20, 'the primary takes them');
  // What the primary has answered for, the replica has as well.
  assert.equal(await group.replica.ask('HGET', '{dogwatch}:totals', 'rows'), '2000');

  await group.primary.kill();
  let appended = 20;
  await eventually('the journal takes what Redis does not', async () => {
    await appendAll(queue, batches(1, appended));
    appended += 1;
    return queue.status().toJournal > 0;
  });
  await eventually('the replica is the primary', async () => (await group.primaryPort()) === group.replica.port);
  await becomes(queue, 'well');
  const before = queue.status().toRedis;
  await appendAll(queue, batches(20, appended));
  appended += 20;
  assert.equal(queue.status().toRedis, before + 20, 'the new primary takes them');

  await writerOf(context, queue, store).start();
  await storedOnce(store, appended);
});

test(
  'the old primary comes back as a replica, and nothing comes twice',
  { skip: skip || ONLY_LONG },
  async (context) => {
    const [group, store] = await Promise.all([startSentinelGroup(context, DURABLE), database(context)]);
    const { queue } = await queueOn(context, { url: '' }, { address: group.address, timeoutMs: 1000 });
    await writerOf(context, queue, store).start();
    await appendAll(queue, batches(20));
    await group.primary.kill();
    await appendAll(queue, batches(20, 20));
    await eventually('the replica is the primary', async () => (await group.primaryPort()) === group.replica.port);
    await group.primary.start();
    await eventually('the old primary follows', async () =>
      (await group.primary.ask('INFO', 'replication')).includes('master_link_status:up'),
    );
    await becomes(queue, 'well');
    await appendAll(queue, batches(20, 40));
    await storedOnce(store, 60);
  },
);
