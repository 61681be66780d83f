import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusLine } from '../../../src/cli/terminal/status-line.ts';
import { statusScreen } from '../../../src/cli/terminal/status-screen.ts';
import type { CollectorStatus } from '../../../src/console/status.ts';
import { exampleStatus } from '../../support/example-status.ts';

const RATES = { received: 1000, records: 30_000, stored: 30_000 };

function line(changes: Partial<CollectorStatus>): string {
  return statusLine({ ...exampleStatus(), ...changes }, RATES, Infinity);
}

const REDIS = {
  state: 'well',
  waitingBatches: 7,
  waitingBytes: 1024,
  lastError: undefined,
  toRedis: 20,
  toJournal: 0,
  forwarded: 0,
  damaged: 0,
} as const;

test('a node on which all is well has no alarm in its live line', () => {
  const text = line({ queue: REDIS });
  assert.match(text, /30K records\/s {2}30K stored\/s/);
  assert.doesNotMatch(text, /missing|dying|Redis|full/);
});

test('the live line names a worker that is missing, and a process that keeps dying', () => {
  const gone = { pid: undefined, restarts: 1, memoryBytes: 0, trouble: undefined };
  const processes = [
    { ...gone, name: 'worker 1', state: 'running', pid: 7 },
    { ...gone, name: 'worker 2', state: 'stopped' },
    { ...gone, name: 'spare worker', state: 'starting' },
    { ...gone, name: 'maintenance', state: 'running', trouble: 'died three times in quick succession; last: SIGKILL' },
  ] as const;
  const text = line({ processes });
  assert.match(text, /worker 2 missing: stopped/);
  assert.match(text, /maintenance keeps dying: died three times/);
  assert.doesNotMatch(text, /worker 1|spare/);
});

test('the live line names a journal that fills up and a Redis that is away, before what is merely of interest', () => {
  const { journal } = exampleStatus();
  const text = line({
    journal: { ...journal, warnings: ['journal 83 % full: 8.3 of 10 GiB'] },
    queue: { ...REDIS, state: 'away', lastError: 'connect ECONNREFUSED 127.0.0.1:6379' },
  });
  assert.match(text, /journal 83 % full: 8\.3 of 10 GiB {2}Redis away, the journal takes its batches: connect ECONN/);
  assert.ok(text.indexOf('Redis') < text.indexOf('exporters'));
});

test('the status tells why Redis takes no batches, and which jobs fail or take long', () => {
  const job = { everyMs: 60_000, isRunning: false, runs: 3, failures: 0, lastDurationMs: 5, nextAt: undefined };
  const jobs = [
    { ...job, name: 'storage', lastStartedAt: '2026-11-23T11:00:00Z', lastError: undefined, isRunning: true },
    { ...job, name: 'polling', lastStartedAt: undefined, lastError: 'timeout', failures: 2 },
  ];
  const queue = { ...REDIS, state: 'full', lastError: 'redis.maxBytes is reached' } as const;
  const screen = statusScreen({ ...exampleStatus(), jobs, queue }, new Date('2026-11-23T12:00:00Z'));
  assert.match(screen, /^redis +full, 7 batches of all nodes wait \(1\.0 KiB\), 20 of ours taken$/m);
  assert.match(screen, /^ +redis\.maxBytes is reached$/m);
  assert.match(screen, /^jobs +storage, polling: 6 runs here, 1 failing$/m);
  assert.match(screen, /^ +polling failed 2 times: timeout$/m);
  assert.match(screen, /^ +storage has been at work for 1h 0m$/m);
});
