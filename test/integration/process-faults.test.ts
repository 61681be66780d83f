import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import type { CollectorStatus, ProcessStatus } from '../../src/console/status.ts';
import { connect, disconnect } from '../../storage/database/database.ts';
import { ChaosCollector } from '../support/chaos/chaos-collector.ts';
import type { LoadRecord } from '../support/chaos/load-record.ts';
import { NumberedLoad } from '../support/chaos/numbered-load.ts';
import { type Missing, missingDatagrams } from '../support/chaos/stored-numbers.ts';
import { eventually } from '../support/processes.ts';

// What the keeper does about its workers, seen from outside: with the whole collector, its load and the database.

/** libuv reads at most so many datagrams of a socket before anything else gets its turn (uv__udp_recvmsg). */
const READ_AT_ONCE = 32;

test('a worker that hangs is killed and replaced, and nothing is lost but what it had read', async (t) => {
  const { collector, load } = await collectorUnderLoad(t);
  const hanging = await workerPid(collector, 'worker 1');
  process.kill(hanging, 'SIGSTOP');
  await eventually('another worker has its place', async () => {
    const worker = await worker1(collector);
    return worker?.state === 'running' && worker.pid !== hanging;
  });
  const missing = await storedOf(t, collector, await load.stop());
  assert.ok(missing.length <= READ_AT_ONCE, `${missing.length} datagrams are missing`);
  assert.match(collector.process.output, /"reason":"no sign of life for two seconds"/);
});

test('three deaths of a worker in quick succession are in the status, and it is not ready meanwhile', async (t) => {
  const collector = await startCollector(t);
  for (let deaths = 0; deaths < 3; deaths += 1) {
    process.kill(await workerPid(collector, 'worker 1'), 'SIGKILL');
    await eventually('the keeper has noticed', async () => ((await worker1(collector))?.restarts ?? 0) > deaths);
  }
  const status = await statusOf(collector);
  const worker = status.processes.find(({ name }) => name === 'worker 1');
  assert.match(worker?.trouble ?? '', /^died three times in quick succession; last: SIGKILL/);
  await eventually('it works again', async () => (await statusOf(collector)).ready);
});

test('what a worker has in its journal is written by the others when there are fewer workers', async (t) => {
  const { collector, load } = await collectorUnderLoad(t);
  await collector.postgres.stop();
  await pause(1000);
  const sent = await load.stop();
  const datagrams = sent.flows.reduce((sum, { from }) => sum + from.length, 0);
  await eventually('all is received', async () => (await statusOf(collector)).flow.datagrams >= datagrams);
  await eventually('all is journaled', async () => (await statusOf(collector)).journal.rows >= 1000);
  await collector.process.kill();

  await collector.postgres.start();
  await collector.startAgain({ workers: 1 });
  await eventually('the other journal is written', async () => {
    const { journal } = await statusOf(collector);
    return journal.adoptedRows > 0 && journal.rows === 0;
  });
  const missing = await storedOf(t, collector, sent);
  assert.deepEqual(missing, []);
});

for (const saysTemplates of [true, false]) {
  const what = saysTemplates ? 'templates that were said once' : 'data that wait for their templates';
  test(`${what} outlive the worker that has them`, async (t) => {
    const { collector, load } = await collectorUnderLoad(t, saysTemplates);
    // What may wait is bounded.
    if (!saysTemplates) load.pause();
    const killed = [await workerPid(collector, 'worker 1'), await workerPid(collector, 'worker 2')];
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    await eventually('others have their place', async () => {
      const workers = (await statusOf(collector)).processes.filter(isRunningWorker);
      return workers.length === 2 && !workers.some(({ pid }) => killed.includes(pid ?? 0));
    });
    if (!saysTemplates) load.sendTemplates();
    const missing = await storedOf(t, collector, await load.stop());
    t.diagnostic(`${missing.length} datagrams are missing`);
    assert.ok(missing.length <= 2 * READ_AT_ONCE, `${missing.length} datagrams are missing`);
  });
}

async function startCollector(t: TestContext): Promise<ChaosCollector> {
  const collector = await ChaosCollector.start();
  t.after(() => collector.end());
  return collector;
}

async function collectorUnderLoad(t: TestContext, saysTemplates = true) {
  const collector = await startCollector(t);
  const load = NumberedLoad.start(collector.ports, saysTemplates);
  t.after(() => load.kill());
  await eventually('it is under load', async () => (await statusOf(collector)).flow.datagrams > 500);
  return { collector, load };
}

/** Stops the collector once everything is written. @returns when the datagrams were sent that are missing */
async function storedOf(t: TestContext, collector: ChaosCollector, sent: LoadRecord): Promise<Missing[]> {
  await eventually('the journal is empty', async () => (await statusOf(collector)).journal.rows === 0);
  await collector.process.stop();
  const client = await connect(collector.postgres.address);
  t.after(() => disconnect(client));
  return missingDatagrams(client, sent);
}

async function statusOf(collector: ChaosCollector): Promise<CollectorStatus> {
  const status = await collector.status();
  if (status === undefined) throw new Error('the collector does not answer');
  return status;
}

function isRunningWorker({ name, state }: ProcessStatus): boolean {
  return /^worker \d+$/.test(name) && state === 'running';
}

async function worker1(collector: ChaosCollector): Promise<ProcessStatus | undefined> {
  return (await statusOf(collector)).processes.find(({ name }) => name === 'worker 1');
}

/** Waits until there is one. */
async function workerPid(collector: ChaosCollector, wanted: string): Promise<number> {
  let found: number | undefined;
  await eventually(`there is ${wanted}`, async () => {
    found = (await statusOf(collector)).processes.find(({ name }) => name === wanted)?.pid;
    return found !== undefined;
  });
  return found ?? 0;
}
