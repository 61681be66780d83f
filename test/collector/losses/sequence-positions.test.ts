import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SequenceTracker, type SequenceCounts } from '../../../collectors/flow/exporter/sequence.ts';
import type { WarmEntry } from '../../../collectors/warm-state.ts';
import { SequencePositions } from '../../../src/collector/losses/sequence-positions.ts';

const SECOND = 1_000_000;
const START = 1_700_000_000 * SECOND;

/** A node with one exporter, whose datagrams each advance the numbers by one. */
function node() {
  const counts: SequenceCounts = { received: 0, lost: 0, reordered: 0, duplicates: 0, restarts: 0 };
  const tracker = new SequenceTracker(counts);
  tracker.description = 'exporter';
  let tick = (): void => {};
  const decoder = {
    followedSequences: () => [tracker],
    restoreSequence: ({ state }: { state: Float64Array }, now: number) => {
      tracker.restore(state, now);
      return true;
    },
  };
  const clock = {
    nowMicros: () => START + 60 * SECOND,
    monotonicMs: () => 0,
    after: (_ms: number, run: () => void) => {
      tick = run;
      return () => {};
    },
  };
  const positions = new SequencePositions(decoder, clock);
  const told: WarmEntry[] = [];
  positions.onWarmChange = (entry) => told.push(entry);
  const hear = (from: number, to: number): void => {
    for (let number = from; number < to; number += 1) tracker.arrive(number, 1, NaN, -1, START + number);
  };
  return { positions, counts, told, hear, tick: () => tick() };
}

test('after a takeover the numbers go on from where the other node stood, and the gap is lost', async () => {
  const [a, b] = [node(), node()];
  await Promise.all([a.positions.start(), b.positions.start()]);
  a.positions.resume('takeover');
  a.hear(0, 100);
  a.tick();
  for (const entry of a.told) b.positions.restoreWarm(entry);
  b.positions.resume('takeover');
  b.hear(140, 150);
  assert.deepEqual([b.counts.received, b.counts.lost], [10, 40]);
});

test('what was handed over lost nothing, also where this node had followed the numbers long before', async () => {
  const b = node();
  await b.positions.start();
  b.positions.resume('takeover');
  b.hear(0, 10);
  b.positions.pause();
  b.positions.resume('handOver');
  b.hear(5000, 5010);
  assert.deepEqual([b.counts.received, b.counts.lost, b.counts.restarts], [20, 0, 0]);
});

test('the successor of a worker keeps the positions that its predecessor left', async () => {
  const b = node();
  await b.positions.start();
  b.hear(0, 10);
  b.positions.resume('ourselves');
  b.hear(12, 20);
  assert.equal(b.counts.lost, 2);
});

test('what the other node tells while both still listen is where it stood', async () => {
  const [a, b] = [node(), node()];
  await Promise.all([a.positions.start(), b.positions.start()]);
  a.positions.resume('takeover');
  a.hear(0, 10);
  b.positions.resume('handOver');
  b.hear(10, 20);
  b.tick();
  for (const entry of b.told) a.positions.restoreWarm(entry);
  a.positions.pause();
  a.positions.resume('takeover');
  a.hear(23, 30);
  assert.deepEqual([a.counts.received, a.counts.lost], [17, 3]);
});

test('an older word of the other node does not take back what this one has heard since', async () => {
  const [a, b] = [node(), node()];
  await Promise.all([a.positions.start(), b.positions.start()]);
  b.positions.resume('takeover');
  b.hear(0, 10);
  b.tick();
  const [old] = b.told;
  a.positions.resume('takeover');
  a.hear(10, 20);
  if (old !== undefined) a.positions.restoreWarm(old);
  a.positions.pause();
  a.positions.resume('takeover');
  a.hear(20, 30);
  assert.deepEqual([a.counts.received, a.counts.lost], [20, 0]);
});

test('only the node that listens tells, and only what has moved', async () => {
  const a = node();
  await a.positions.start();
  a.hear(0, 10);
  a.tick();
  assert.equal(a.told.length, 0);
  a.positions.resume('ourselves');
  a.tick();
  a.tick();
  assert.equal(a.told.length, 1);
});

test('what cannot be read is passed over', async () => {
  const b = node();
  await b.positions.start();
  const values = [Buffer.alloc(0), Buffer.from([1]), Buffer.from([9, 1, 2, 3]), Buffer.alloc(5000)];
  for (const value of values) b.positions.restoreWarm({ kind: 'flow.sequence', key: 'exporter', value });
  b.positions.resume('takeover');
  b.hear(140, 150);
  assert.equal(b.counts.lost, 0);
});
