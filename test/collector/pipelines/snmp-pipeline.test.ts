import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Datagram } from '../../../collectors/datagram.ts';
import { SnmpPipeline } from '../../../src/collector/pipelines/snmp-pipeline.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { Queue } from '../../../storage/queue.ts';
import { numberedInform } from '../../support/chaos/numbered-messages.ts';
import { eventually } from '../../support/processes.ts';

const ENGINE = { engineId: '8000000001020304', boots: 1, startedAtMs: 0 };
const FIRST_PORT = 40_000;
/** One object for all, as a listener has it. */
const datagram: { -readonly [Key in keyof Datagram]: Datagram[Key] } = {
  bytes: Buffer.alloc(0),
  sourceAddress: '192.0.2.1',
  sourcePort: 0,
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

/** @param answered told of each answer, to which port it goes */
function startPipeline(answered: (port: number) => void = () => {}): SnmpPipeline {
  const limits = { maxRows: 1000, maxAgeMs: 60_000 };
  return new SnmpPipeline(
    {
      decoder: { communities: new Map([['public', 'public']]) },
      security: { users: [] },
      intake: { limits, batchBytes: 1 << 20, queueMemoryBytes: 1 << 20 },
    },
    {
      queue,
      engine: ENGINE,
      naming: { generation: 0, lookUp: () => undefined },
      reply: (_bytes, { port }) => answered(port),
    },
    systemClock,
    silentLog,
  );
}

function receive(pipeline: SnmpPipeline, number: number): void {
  datagram.bytes = numberedInform(number);
  datagram.sourcePort = FIRST_PORT + number;
  pipeline.receive(datagram);
}

test('others are asked before an inform is decoded, for each again that comes after the question', async () => {
  const ports: number[] = [];
  const pipeline = startPipeline((port) => ports.push(port - FIRST_PORT));
  const questions: (() => void)[] = [];
  pipeline.learnFirst(() => new Promise((resolve) => questions.push(resolve)));
  receive(pipeline, 1);
  receive(pipeline, 2);
  assert.deepEqual([questions.length, pipeline.decoder.totals.datagrams], [1, 0]);
  questions[0]?.();
  receive(pipeline, 3);
  await eventually('they are asked again', () => questions.length === 2);
  // What came after the question was asked has to wait for the next one.
  assert.equal(pipeline.decoder.totals.datagrams, 1);
  const settled = pipeline.settle();
  questions[1]?.();
  await settled;
  assert.equal(pipeline.decoder.totals.datagrams, 3);
  assert.deepEqual(ports, [1, 2, 3], 'each is answered where it came from');
});

test('where others do not answer, or there is too much of it, what has come is decoded without', async () => {
  const pipeline = startPipeline();
  pipeline.learnFirst(() => new Promise(() => {}));
  receive(pipeline, 0);
  await pipeline.settle();
  assert.equal(pipeline.decoder.totals.datagrams, 1);
  for (let number = 1; number < 2000; number += 1) receive(pipeline, number);
  assert.ok(pipeline.decoder.totals.datagrams >= 1000);
  await pipeline.settle();
  assert.equal(pipeline.decoder.totals.datagrams, 2000);
});
