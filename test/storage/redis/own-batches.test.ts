import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { SealedBatch } from '../../../storage/batch/batch-format.ts';
import { OwnBatches } from '../../../storage/redis/own-batches.ts';

/** A batch of so many bytes, and how often its memory was released. */
function batchOf(id: string, bytes: number): { batch: SealedBatch; released: () => number } {
  let count = 0;
  const encoded = Buffer.alloc(bytes);
  const header = { id, table: 'flows', columns: ['bytes'], rows: 1, earliestMicros: 0, latestMicros: 0 };
  return { batch: { ...header, encoded, body: encoded, release: () => (count += 1) }, released: () => count };
}

test('the memory of a batch is free when sender and taker have both released it', () => {
  const own = new OwnBatches(100, systemClock);
  const { batch, released } = batchOf('a', 10);
  const held = own.hold(batch);
  const taken = own.take('a');
  held.release();
  assert.equal(released(), 0);
  taken?.release();
  assert.equal(released(), 1);
  assert.equal(own.take('a'), undefined);
});

test('a batch that comes back before it was answered for stays until it is sent', () => {
  const own = new OwnBatches(100, systemClock);
  const { batch, released } = batchOf('a', 10);
  const held = own.hold(batch);
  own.take('a')?.release();
  assert.equal(released(), 0);
  held.release();
  assert.equal(released(), 1);
});

test('when it is full, what comes is not held, until what is here has been here for long', () => {
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
  const own = new OwnBatches(25, clock);
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => batchOf(id, 10));
  assert(a && b && c && d);
  own.hold(a.batch).release();
  clock.nowMs = 1000;
  own.hold(b.batch).release();
  assert.equal(own.hold(c.batch), c.batch);
  assert.equal(own.bytes, 20);
  clock.nowMs = 2500;
  assert.notEqual(own.hold(d.batch), d.batch);
  assert.deepEqual([a.released(), b.released(), own.bytes], [1, 0, 20]);
});

test('a batch that is held twice belongs to the first, and the second goes its own way', () => {
  const own = new OwnBatches(100, systemClock);
  const [first, second] = [batchOf('a', 10), batchOf('a', 10)];
  own.hold(first.batch).release();
  own.hold(second.batch).release();
  assert.deepEqual([first.released(), second.released()], [0, 1]);
  own.clear();
  assert.deepEqual([first.released(), second.released(), own.bytes], [1, 1, 0]);
});
