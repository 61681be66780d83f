import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connectRedis } from '../../storage/redis/redis-client.ts';
import { CertificateAuthority, skipWithoutOpenssl } from '../support/certificates.ts';
import { temporaryDirectory } from '../support/postgres.ts';
import { freePort } from '../support/redis.ts';
import { connect, disconnect } from '../../storage/database/database.ts';
import { skipWithout } from '../support/packages.ts';
import { eventually } from '../support/processes.ts';
import { startQueueProcess } from '../support/queue-process.ts';
import {
  appendAll,
  batches,
  database,
  queueOn,
  redisFor,
  ROWS,
  storedOnce,
  writerOf,
} from '../support/shared-queue.ts';

const skip = skipWithout('redis-server', 'redis-cli');
/** How long a process may be there after its queue is closed. */
const ENDS_MS = 3000;

test(
  'a process whose queue is closed ends by itself, also when Redis was killed a moment before',
  { skip },
  async (context) => {
    const redis = await redisFor(context);
    const child = await startQueueProcess(context, 'rest', redis.url);
    await redis.kill();
    child.close();
    await child.says(/closed/);
    assert(await child.endsWithin(ENDS_MS));
  },
);

test('a process whose queue is closed ends by itself, also when Redis does not answer', { skip }, async (context) => {
  const redis = await redisFor(context);
  const child = await startQueueProcess(context, 'hold', redis.url);
  // This process has one of them ahead, the other the rest.
  const { queue } = await queueOn(context, redis, { ahead: 1 });
  await appendAll(queue, batches(3));
  await child.says(/took/);
  redis.freeze();
  context.after(() => redis.thaw());
  child.close();
  await child.says(/closed/);
  assert(await child.endsWithin(ENDS_MS));
});

test('a batch in the hands of a process that is killed comes back, and is stored once', { skip }, async (context) => {
  const [redis, store] = await Promise.all([redisFor(context), database(context)]);
  const child = await startQueueProcess(context, 'hold', redis.url);
  const { queue } = await queueOn(context, redis, { ahead: 1 });
  const all = batches(3);
  await appendAll(queue, all);
  const [, taken] = await child.says(/took (\S+)/);
  assert(all.some(({ id }) => id === taken));
  await child.kill();
  await writerOf(context, queue, store).start();
  await storedOnce(store, 3);
  await eventually('nothing is left', async () => (await redis.ask('KEYS', '*:batch:*')) === '');
});

test(
  'two processes drain one queue, one of them is killed, and each batch is stored once',
  { skip },
  async (context) => {
    const [redis, store] = await Promise.all([redisFor(context), database(context)]);
    const { queue, close } = await queueOn(context, redis, { ahead: 1 });
    await appendAll(queue, batches(15));
    const start = async () => startQueueProcess(context, 'write', redis.url, store.connectionString);
    const [killed, other] = await Promise.all([start(), start()]);
    await appendAll(queue, batches(15, 15));
    await killed.kill();
    await appendAll(queue, batches(15, 30));
    assert.equal(queue.status().toRedis, 45);
    // It has read a batch ahead, which nobody else may have until it is closed.
    await close();
    await storedOnce(store, 45);
    other.close();
    assert(await other.endsWithin(10_000));
  },
);

test(
  'a Redis without persistence forgets what waited in it when it is killed, and nothing else',
  { skip },
  async (context) => {
    const [redis, store] = await Promise.all([redisFor(context), database(context)]);
    const { queue } = await queueOn(context, redis, { ahead: 1 });
    const forgotten = 10;
    await appendAll(queue, batches(forgotten, 20));
    await redis.kill();
    await appendAll(queue, batches(10));
    await redis.start();
    await appendAll(queue, batches(10, 10));
    await writerOf(context, queue, store).start();
    const client = await connect(store.address);
    context.after(() => disconnect(client));
    const count = async (which: string): Promise<number> => {
      const { rows } = await client.query<{ n: string }>(
        `SELECT count(*) AS n FROM flows WHERE bytes ${which} ${20 * ROWS}`,
      );
      return Number(rows[0]?.n);
    };
    await eventually('all that came after is stored', async () => (await count('<')) >= 20 * ROWS);
    assert.equal(await count('<'), 20 * ROWS);
    // What the process had read ahead is not lost with Redis.
    assert((await count('>=')) <= ROWS);
  },
);

test(
  'batches go over TLS to a Redis that the given authority vouches for, and to no other',
  { skip: skip || skipWithoutOpenssl },
  async (context) => {
    const folder = await temporaryDirectory();
    const authority = new CertificateAuthority(folder);
    const server = authority.issue('redis', '/CN=redis', { IP: '127.0.0.1' });
    const port = await freePort();
    const files = ['--tls-cert-file', server.certificateFile, '--tls-key-file', server.keyFile];
    await redisFor(context, ['--tls-port', String(port), '--tls-auth-clients', 'no', ...files]);
    const address = { url: `rediss://127.0.0.1:${port}`, caFile: authority.certificateFile };
    const { queue } = await queueOn(context, { url: address.url }, { address });
    await appendAll(queue, batches(1));
    assert.equal(queue.status().toRedis, 1);
    const stranger = connectRedis({ url: address.url }, 'ask', 1000, () => {});
    const [error] = await once(stranger, 'error');
    stranger.disconnect();
    assert.match(String(error), /certificate/);
  },
);
