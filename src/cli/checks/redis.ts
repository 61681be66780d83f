import { connectRedis, primariesOf, type RedisClient } from '../../../storage/redis/redis-client.ts';
import {
  readClusterState,
  readInfo,
  readPersistence,
  type RedisInfo,
  type RedisPersistence,
} from '../../../storage/redis/redis-info.ts';
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
    const servers = await ask(config.redis);
    const reached: CheckResult = {
      name: 'redis',
      state: 'ok',
      found: `${shown} answers after ${Date.now() - askedAtMs} ms`,
    };
    return [reached, ...judgeServers(servers, config.redis)];
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

/** What each primary says, and what the nodes of a cluster say of the whole. */
interface AskedServer {
  readonly address: string;
  readonly info: RedisInfo;
  readonly persistence: RedisPersistence;
  /** `cluster_state`: `ok`, or `fail` where slots are not served; undefined of a single server. */
  readonly clusterState: string | undefined;
}

function judgeServers(servers: readonly AskedServer[], redis: Config['redis']): CheckResult[] {
  const all = servers.map(({ address, info, persistence }) => ({
    address,
    results: judgeRedis(info, persistence, redis.maxBytes),
  }));
  const names = all[0]?.results.map(({ name }) => name) ?? [];
  const merged = names.map((name) => {
    const ofEach = all.flatMap(({ address, results }) =>
      results.filter((result) => result.name === name).map((result) => ({ address, result })),
    );
    return mergeResults(ofEach);
  });
  return [...merged.filter((result) => result !== undefined), ...judgeGroup(servers, redis)];
}

const BY_GRAVITY = ['ok', 'warn', 'fail'] as const;

/** The gravest, with the servers of which it is true where there are several. */
function mergeResults(ofEach: readonly { address: string; result: CheckResult }[]): CheckResult | undefined {
  const gravity = ({ state }: CheckResult): number => BY_GRAVITY.findIndex((each) => each === state);
  const worst = Math.max(...ofEach.map(({ result }) => gravity(result)));
  const grave = ofEach.filter(({ result }) => gravity(result) === worst);
  const [first] = grave;
  if (first === undefined || ofEach.length === 1) return first?.result;
  const isSame = grave.length === ofEach.length && grave.every(({ result }) => result.found === first.result.found);
  const found = isSame
    ? `${first.result.found}, each of ${ofEach.length}`
    : grave.map(({ address, result }) => `${address}: ${result.found}`).join('\n');
  return { ...first.result, found };
}

/** What can only be said of them together. */
function judgeGroup(servers: readonly AskedServer[], { sentinel, cluster }: Config['redis']): CheckResult[] {
  if (sentinel !== undefined) return servers.map(({ info }) => replicasOf(info));
  if (cluster === undefined) return [];
  const name = 'redis, cluster';
  if (servers.length > 0 && servers.every(({ clusterState }) => clusterState === 'ok')) {
    return [{ name, state: 'ok', found: `${servers.length} primaries serve all slots` }];
  }
  const remedy = 'See CLUSTER INFO of its nodes. Until all slots are served, batches wait in the local journal.';
  return [{ name, state: 'fail', found: 'it does not serve all of its slots', remedy }];
}

function replicasOf({ replicas }: RedisInfo): CheckResult {
  const name = 'redis, replicas';
  if (replicas > 0) return { name, state: 'ok', found: `${replicas} can take over` };
  const remedy = 'Start a replica, or see INFO replication of the primary: one that is still fetching does not count.';
  return { name, state: 'warn', found: 'none: nobody can take over from the primary', remedy };
}

async function ask(address: Config['redis']): Promise<AskedServer[]> {
  let trouble: Error | undefined;
  const closing = new AbortController();
  const client = connectRedis(address, 'wait', CONNECT_MS, (error) => (trouble = error), closing.signal);
  try {
    return await withTimeout(askEach(client), CONNECT_MS, 'asking Redis');
  } catch (error) {
    throw trouble ?? error;
  } finally {
    closing.abort();
    client.disconnect();
  }
}

async function askEach(client: RedisClient): Promise<AskedServer[]> {
  // Of a cluster the nodes are known when the first has answered.
  await client.info();
  return Promise.all(
    primariesOf(client).map(async (server) => {
      const [info, persistence] = await Promise.all([readInfo(server), readPersistence(server)]);
      const { host = '', port = '' } = server.options;
      const clusterState = info.isCluster ? await readClusterState(server) : undefined;
      return { address: `${host}:${port}`, info, persistence, clusterState };
    }),
  );
}

function shownAddress({ url, sentinel, cluster }: Config['redis']): string {
  if (sentinel !== undefined) return `the primary of ${sentinel.name}`;
  if (cluster !== undefined) return `the cluster of ${cluster.map(({ host }) => host).join(', ')}`;
  return maskUrl(url ?? '');
}
