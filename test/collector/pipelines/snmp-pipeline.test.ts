import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Datagram } from '../../../collectors/datagram.ts';
import { SnmpPipeline } from '../../../src/collector/pipelines/snmp-pipeline.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { Queue } from '../../../storage/queue.ts';
import { numberedInform } from '../../support/chaos/numbered-messages.ts';

const ENGINE = { engineId: '8000000001020304', boots: 1, startedAtMs: 0 };
const DATAGRAM: Omit<Datagram, 'bytes'> = {
  sourceAddress: '192.0.2.1',
  sourcePort: 40_000,
  localPort: 162,
  receivedAtMicros: systemClock.nowMicros(),
};

const queue: Queue = {
  append: async () => true,
  next: async () => undefined,
  acknowledge() {},
  giveBack() {},
  hasRoom: () => true,
  depth: () => ({ batches: 0, rows: 0, bytes: 0, oldestMs: 0 }),
  close: async () => {},
};

function startPipeline(): SnmpPipeline {
  const limits = { maxRows: 1000, maxAgeMs: 60_000 };
  return new SnmpPipeline(
    {
      decoder: { communities: new Map([['public', 'public']]) },
      security: { users: [] },
      intake: { limits, batchBytes: 1 << 20, queueMemoryBytes: 1 << 20 },
    },
    { queue, engine: ENGINE, naming: { generation: 0, lookUp: () => undefined }, reply() {} },
    systemClock,
    silentLog,
  );
}

function receive(pipeline: SnmpPipeline, number: number): void {
  pipeline.receive({ ...DATAGRAM, bytes: numberedInform(number) });
}

test('informs that come while others are asked for theirs are decoded after that, in their order', async () => {
  const pipeline = startPipeline();
  const { promise, resolve } = Promise.withResolvers<void>();
  const held = pipeline.hold(promise);
  for (const number of [1, 2]) receive(pipeline, number);
  assert.equal(pipeline.decoder.totals.datagrams, 0);
  resolve();
  await held;
  assert.equal(pipeline.decoder.totals.datagrams, 2);
  receive(pipeline, 3);
  assert.equal(pipeline.decoder.totals.datagrams, 3);
});

test('what is held is decoded before the end, and when there is too much of it', async () => {
  const pipeline = startPipeline();
  void pipeline.hold(new Promise(() => {}));
  receive(pipeline, 1);
  void pipeline.settle();
  assert.equal(pipeline.decoder.totals.datagrams, 1);
  void pipeline.hold(new Promise(() => {}));
  for (let number = 2; number < 2000; number += 1) receive(pipeline, number);
  assert.equal(pipeline.decoder.totals.datagrams, 1999);
});
