import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { RedisHealth } from '../../../storage/redis/redis-health.ts';
import { parseInfo } from '../../../storage/redis/redis-info.ts';
import type { SharedLook } from '../../../storage/redis/shared-batches.ts';

const MAX_BYTES = 1000;
const EMPTY = { batches: 0, rows: 0, bytes: 0, oldestAtMs: undefined };

/** Healthy by default; `see` is what the next look finds. */
function healthOf(see: () => SharedLook): RedisHealth {
  return new RedisHealth(
    async () => see(),
    MAX_BYTES,
    systemClock,
    silentLog,
    () => {},
  );
}

function lookOf(info: string): SharedLook {
  return { ...EMPTY, server: parseInfo(info) };
}

const WELL = lookOf('maxmemory:0\r\nmaxmemory_policy:noeviction\r\n');

test('until the first connection has failed or is there, nothing is told but that it connects', async () => {
  const health = healthOf(() => {
    throw new Error('not connected');
  });
  await health.lookNow();
  assert.deepEqual([health.state, health.lastError], ['connecting', undefined]);
  health.onTrouble(new Error('connect ECONNREFUSED 192.0.2.1:6379'));
  await health.lookNow();
  assert.deepEqual([health.state, health.lastError], ['away', 'no connection: connect ECONNREFUSED 192.0.2.1:6379']);
});

test('a time-out is told in our words, and of a cluster what its node said', async () => {
  const health = healthOf(() => WELL);
  await health.lookNow();
  assert.equal(health.state, 'well');
  health.onError(new Error("Socket timeout. Expecting data, but didn't receive any in 1000ms."));
  assert.deepEqual([health.state, health.lastError], ['away', 'no answer for 1000 ms']);
  health.onError(new Error('Too many Cluster redirections. Last error: ReplyError: CLUSTERDOWN The cluster is down'));
  assert.equal(health.lastError, 'CLUSTERDOWN The cluster is down');
});

test('what does not fit any more makes it full, and is not tried', async () => {
  const health = healthOf(() => lookOf('used_memory:950\r\nmaxmemory:1000\r\nmaxmemory_policy:noeviction\r\n'));
  await health.lookNow();
  assert.deepEqual([health.state, health.lastError], ['full', 'maxmemory of Redis is nearly reached']);
  assert.equal(health.accepts(1), false);
});

test('a batch that would go beyond the bound of what may wait is not tried, others are', async () => {
  const health = healthOf(() => WELL);
  await health.lookNow();
  health.count(1, 10, 600);
  assert.equal(health.accepts(500), false);
  assert.equal(health.accepts(400), true);
  health.count(-1, -10, -600);
  assert.equal(health.accepts(500), true);
});
