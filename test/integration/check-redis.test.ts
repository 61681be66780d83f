import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRedis, judgeRedis } from '../../src/cli/checks/redis.ts';
import { loadConfig } from '../../src/config/load.ts';
import { parseInfo } from '../../storage/redis/redis-info.ts';
import { CertificateAuthority, skipWithoutOpenssl } from '../support/certificates.ts';
import { temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { startRedisCluster, startSentinelGroup } from '../support/redis-groups.ts';
import { skipWithout } from '../support/packages.ts';
import { freePort } from '../support/redis.ts';
import { redisFor } from '../support/shared-queue.ts';

const skip = skipWithout('redis-server', 'redis-cli');

/** State and finding by what was looked at. */
async function findings(url: string, more: Record<string, string> = {}): Promise<Record<string, string>> {
  return findingsWith({ DOGWATCH_REDIS__URL: url, ...more });
}

async function findingsWith(settings: Record<string, string>): Promise<Record<string, string>> {
  const environment = { DOGWATCH_QUEUE: 'bullmq', ...settings };
  const { config } = loadConfig({ directory: '/nowhere', environment });
  const results = await checkRedis({ config, running: undefined });
  for (const { state, remedy } of results) {
    assert.equal(remedy === undefined, state === 'ok', 'what is wrong has a remedy');
  }
  return Object.fromEntries(results.map(({ name, state, found }) => [name, `${state} ${found}`]));
}

test('a Redis that keeps each write and throws nothing away is well', { skip }, async (context) => {
  const redis = await redisFor(context, ['--appendonly', 'yes', '--appendfsync', 'always']);
  const found = await findings(redis.url);
  assert.match(found['redis'] ?? '', /^ok redis:\/\/127\.0\.0\.1:\d+ answers after \d+ ms$/);
  assert.match(found['redis, version'] ?? '', /^ok \d+\.\d+/);
  assert.equal(found['redis, maxmemory-policy'], 'ok noeviction');
  assert.equal(found['redis, persistence'], 'ok every write, synced');
  assert.match(found['redis, memory'] ?? '', /^ok .* no maxmemory; batches take at most 1GiB/);
});

test('a Redis that throws keys away fails, one that forgets or is small is warned of', { skip }, async (context) => {
  const redis = await redisFor(context, ['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru']);
  const found = await findings(redis.url);
  assert.equal(found['redis, maxmemory-policy'], 'fail allkeys-lru');
  assert.match(found['redis, persistence'] ?? '', /^warn none/);
  assert.match(found['redis, memory'] ?? '', /^warn .* of 64MiB \(maxmemory\)$/);
  await redis.ask('CONFIG', 'SET', 'save', '60 1');
  assert.match((await findings(redis.url))['redis, persistence'] ?? '', /^warn snapshots/);
  await redis.ask('CONFIG', 'SET', 'appendonly', 'yes');
  assert.match((await findings(redis.url))['redis, persistence'] ?? '', /^ok every write, synced every second/);
});

test('a Redis that refuses the password, or is not there, fails without showing secrets', { skip }, async (context) => {
  const redis = await redisFor(context, ['--requirepass', 'right']);
  const wrong = (await findings(redis.url, { DOGWATCH_REDIS__PASSWORD: 'hunter2' }))['redis'] ?? '';
  assert.match(wrong, /^fail .*WRONGPASS/);
  const away = (await findings(`redis://u:hunter2@127.0.0.1:${await freePort()}`))['redis'] ?? '';
  assert.match(away, /^fail .*ECONNREFUSED/);
  assert.doesNotMatch(wrong + away, /hunter2/);
  const right = await findings(redis.url, { DOGWATCH_REDIS__PASSWORD: 'right' });
  assert.match(right['redis'] ?? '', /^ok/);
});

test('of a cluster every primary is judged, and whether all slots are served', { skip }, async (context) => {
  const cluster = await startRedisCluster(context, { settings: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  const settings = { DOGWATCH_REDIS__CLUSTER: JSON.stringify(cluster.address.cluster) };
  const well = await findingsWith(settings);
  assert.equal(well['redis, maxmemory-policy'], 'ok noeviction, each of 3');
  assert.equal(well['redis, persistence'], 'ok every write, synced, each of 3');
  assert.equal(well['redis, cluster'], 'ok 3 primaries serve all slots');
  const [, second, third] = cluster.servers;
  assert.ok(second && third);
  await second.ask('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  const one = await findingsWith(settings);
  assert.equal(one['redis, maxmemory-policy'], `fail 127.0.0.1:${second.port}: allkeys-lru`);
  await third.ask('CLUSTER', 'DELSLOTS', '16383');
  await eventually('the nodes notice', async () => (await third.ask('CLUSTER', 'INFO')).includes('cluster_state:fail'));
  assert.match((await findingsWith(settings))['redis, cluster'] ?? '', /^fail it does not serve all of its slots/);
});

test('of a Sentinel group the primary is judged, and whether somebody can take over', { skip }, async (context) => {
  const group = await startSentinelGroup(context);
  const { name, hosts } = group.address.sentinel;
  const settings = { DOGWATCH_REDIS__SENTINEL__NAME: name, DOGWATCH_REDIS__SENTINEL__HOSTS: JSON.stringify(hosts) };
  const well = await findingsWith(settings);
  assert.match(well['redis'] ?? '', /^ok the primary of telemetry answers/);
  assert.equal(well['redis, replicas'], 'ok 1 can take over');
  await group.primary.ask('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  await group.replica.kill();
  await eventually('the primary notices', async () =>
    (await group.primary.ask('INFO', 'replication')).includes('connected_slaves:0'),
  );
  const alone = await findingsWith(settings);
  assert.equal(alone['redis, maxmemory-policy'], 'fail allkeys-lru');
  assert.match(alone['redis, replicas'] ?? '', /^warn none/);
});

test(
  'a Redis with TLS is judged where the given authority vouches for it, and fails otherwise',
  { skip: skip || skipWithoutOpenssl },
  async (context) => {
    const authority = new CertificateAuthority(await temporaryDirectory());
    const { certificateFile, keyFile } = authority.issue('redis', '/CN=redis', { IP: '127.0.0.1' });
    const port = await freePort();
    const tls = ['--tls-port', String(port), '--tls-auth-clients', 'no'];
    await redisFor(context, [...tls, '--tls-cert-file', certificateFile, '--tls-key-file', keyFile]);
    const url = `rediss://127.0.0.1:${port}`;
    const known = await findings(url, { DOGWATCH_REDIS__CA_FILE: authority.certificateFile });
    assert.match(known['redis'] ?? '', /^ok rediss:/);
    assert.match((await findings(url))['redis'] ?? '', /^fail .*certificate/);
  },
);

test('a Redis that does not tell its settings is judged by what it does tell', () => {
  const info = parseInfo('redis_version:4.0.1\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n');
  const results = judgeRedis(info, { appendFsync: undefined, snapshots: undefined }, 1);
  assert.deepEqual(
    results.map(({ state }) => state),
    ['fail', 'ok', 'ok', 'ok'],
  );
});

test('without a queue on Redis nothing is asked of it', async () => {
  const { config } = loadConfig({ directory: '/nowhere', environment: {} });
  assert.deepEqual(await checkRedis({ config, running: undefined }), []);
});
