import { connectRedis } from '../../../storage/redis/redis-client.ts';
import { readInfo, readPersistence, type RedisInfo, type RedisPersistence } from '../../../storage/redis/redis-info.ts';
import { maskUrl } from '../../config/mask.ts';
import type { Config } from '../../config/schema.ts';
import { messageOf } from '../../runtime/errors.ts';
import { formatSize } from '../../config/units.ts';
import { withTimeout } from '../../runtime/lifecycle.ts';
import type { Check, CheckResult } from './check-result.ts';

const CONNECT_MS = 5000;
// What BullMQ needs, and what it is made for.
const LEAST_MAJOR = 5;
const GOOD_VERSION = 6.2;
const SEE = 'See docs/queue.md.';

/** Redis, where it is the queue: reachable, new enough, keeps what it was given, has room for what it may be given. */
export const checkRedis: Check = async ({ config }) => {
  if (config.queue !== 'bullmq') return [];
  const askedAtMs = Date.now();
  const shown = shownAddress(config.redis);
  try {
    const [info, persistence] = await ask(config.redis);
    const reached: CheckResult = {
      name: 'redis',
      state: 'ok',
      found: `${shown} answers after ${Date.now() - askedAtMs} ms`,
    };
    return [reached, ...judgeRedis(info, persistence, config.redis.maxBytes)];
  } catch (error) {
    const remedy =
      'Check host, port, password and certificates, and that it listens for this machine.\nUntil it answers, batches wait in the local journal.';
    return [{ name: 'redis', state: 'fail', found: `${shown} does not answer: ${messageOf(error)}`, remedy }];
  }
};

/** What is to be said of a Redis that answers. `maxBytes`: what may wait in it. */
export function judgeRedis(info: RedisInfo, persistence: RedisPersistence, maxBytes: number): CheckResult[] {
  return [versionOf(info), evictionOf(info), persistenceOf(info, persistence), memoryOf(info, maxBytes)];
}

function versionOf({ version }: RedisInfo): CheckResult {
  const name = 'redis, version';
  const number = Number.parseFloat(version);
  if (number >= GOOD_VERSION) return { name, state: 'ok', found: version };
  const remedy = `Use Redis ${GOOD_VERSION} or newer.`;
  return { name, state: number >= LEAST_MAJOR ? 'warn' : 'fail', found: version, remedy };
}

function evictionOf({ evictionPolicy }: RedisInfo): CheckResult {
  const name = 'redis, maxmemory-policy';
  if (evictionPolicy === 'noeviction') return { name, state: 'ok', found: evictionPolicy };
  const remedy = 'Set maxmemory-policy noeviction: otherwise Redis throws batches away when it is full.';
  return { name, state: 'fail', found: evictionPolicy, remedy: `${remedy} No batch goes there until then.` };
}

function persistenceOf({ appendOnly }: RedisInfo, { appendFsync, snapshots }: RedisPersistence): CheckResult {
  const name = 'redis, persistence';
  const remedy = `Set appendonly yes, and appendfsync always to lose nothing when its machine dies. ${SEE}`;
  if (!appendOnly) {
    const found =
      snapshots === false
        ? 'none: what waits in it is lost with its process'
        : 'snapshots at most: what came after the last one is lost with its process';
    return { name, state: 'warn', found, remedy };
  }
  if (appendFsync === 'always') return { name, state: 'ok', found: 'every write, synced' };
  if (appendFsync === 'no') {
    const found = 'every write, synced when the system likes: up to half a minute is lost when its machine dies';
    return { name, state: 'warn', found, remedy };
  }
  const found =
    appendFsync === 'everysec'
      ? 'every write, synced every second: about a second is lost when its machine dies'
      : 'every write; how often it is synced, Redis does not tell';
  return { name, state: 'ok', found };
}

function memoryOf({ maxBytes: bound, usedBytes }: RedisInfo, maxBytes: number): CheckResult {
  const name = 'redis, memory';
  const used = `${formatSize(usedBytes)} used`;
  if (bound === 0) {
    const found = `${used}, no maxmemory`;
    return { name, state: 'ok', found: `${found}; batches take at most ${formatSize(maxBytes)} (redis.maxBytes)` };
  }
  const found = `${used} of ${formatSize(bound)} (maxmemory)`;
  if (bound >= maxBytes) return { name, state: 'ok', found };
  const remedy = `Raise maxmemory, or lower redis.maxBytes (${formatSize(maxBytes)}): what does not fit waits in the local journal.`;
  return { name, state: 'warn', found, remedy };
}

async function ask(address: Config['redis']): Promise<[RedisInfo, RedisPersistence]> {
  let trouble: Error | undefined;
  const closing = new AbortController();
  const client = connectRedis(address, 'wait', CONNECT_MS, (error) => (trouble = error), closing.signal);
  try {
    return await withTimeout(Promise.all([readInfo(client), readPersistence(client)]), CONNECT_MS, 'asking Redis');
  } catch (error) {
    throw trouble ?? error;
  } finally {
    closing.abort();
    client.disconnect();
  }
}

function shownAddress({ url, sentinel, cluster }: Config['redis']): string {
  if (sentinel !== undefined) return `the primary of ${sentinel.name}`;
  if (cluster !== undefined) return `the cluster of ${cluster.map(({ host }) => host).join(', ')}`;
  return maskUrl(url ?? '');
}
