import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInfo } from '../../../storage/redis/redis-info.ts';

// Lines as redis-server 7.0 prints them.
test('a replica that is still fetching the data is not counted', () => {
  const info = [
    '# Replication',
    'role:master',
    'connected_slaves:3',
    'slave0:ip=127.0.0.1,port=7001,state=wait_bgsave,offset=0,lag=0',
    'slave1:ip=127.0.0.1,port=7002,state=online,offset=1234,lag=1',
    'slave2:ip=127.0.0.1,port=7003,state=send_bulk,offset=0,lag=0',
    'maxmemory:1048576',
    '',
  ].join('\r\n');
  const { replicas, maxBytes } = parseInfo(info);
  assert.deepEqual({ replicas, maxBytes }, { replicas: 1, maxBytes: 1_048_576 });
});
