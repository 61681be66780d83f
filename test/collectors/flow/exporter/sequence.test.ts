import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  HeldArrival,
  MAX_GAP,
  REORDER_WINDOW,
  type SequenceCounts,
  SequenceTracker,
} from '../../../../collectors/flow/exporter/sequence.ts';

const SECOND = 1_000_000;

/** Feeds datagrams, a second apart, of a protocol that counts as `units` says; returns what was counted. */
function follow(
  sequences: readonly number[],
  units = 1,
  other = 1,
  uptimes: readonly number[] = [],
): Omit<SequenceCounts, 'received'> {
  const { received: _, ...counts } = followAll(sequences, units, other, uptimes);
  return counts;
}

function followAll(
  sequences: readonly number[],
  units = 1,
  other = 1,
  uptimes: readonly number[] = [],
): SequenceCounts {
  const counts = { received: 0, lost: 0, reordered: 0, duplicates: 0, restarts: 0 };
  const tracker = new SequenceTracker(counts);
  for (const [index, sequence] of sequences.entries()) {
    tracker.arrive(sequence, units, other, uptimes[index] ?? -1, index * SECOND);
  }
  return counts;
}

const NOTHING = { lost: 0, reordered: 0, duplicates: 0, restarts: 0 };

test('consecutive numbers lose nothing, also across the wrap at 2^32', () => {
  assert.deepEqual(follow([2 ** 32 - 2, 2 ** 32 - 1, 0, 1]), NOTHING);
  assert.deepEqual(follow([2 ** 32 - 30, 0, 30], 30), NOTHING);
});

test('the first number is where counting starts, whatever it is', () => {
  assert.deepEqual(follow([3_000_000_000]), NOTHING);
});

test('a gap is lost, in the unit of the protocol', () => {
  assert.deepEqual(follow([1, 2, 5]), { ...NOTHING, lost: 2 });
  assert.deepEqual(follow([100, 190], 30), { ...NOTHING, lost: 60 });
});

test('a gap across the wrap is as long as it is', () => {
  assert.deepEqual(follow([2 ** 32 - 1, 2]), { ...NOTHING, lost: 2 });
});

test('a datagram that comes late gives back what was counted lost', () => {
  assert.deepEqual(follow([1, 3, 2, 4]), { ...NOTHING, reordered: 1 });
  assert.deepEqual(follow([1, 5, 3, 6]), { ...NOTHING, lost: 2, reordered: 1 });
  assert.deepEqual(follow([0, 60, 30, 90], 30), { ...NOTHING, reordered: 1 });
});

test('a datagram that comes twice is a duplicate, also one that came late', () => {
  assert.deepEqual(follow([1, 2, 2, 3]), { ...NOTHING, duplicates: 1 });
  assert.deepEqual(follow([1, 3, 2, 2, 4]), { ...NOTHING, reordered: 1, duplicates: 1 });
});

test('a jump far back is a restart and nothing lost', () => {
  assert.deepEqual(follow([REORDER_WINDOW * 3, 5, 6]), { ...NOTHING, restarts: 1 });
});

test('a gap too large for a loss is a restart', () => {
  assert.deepEqual(follow([10, 10 + MAX_GAP + 2, 10 + MAX_GAP + 3]), { ...NOTHING, restarts: 1 });
});

test('number zero after others is a restart, however short the exporter had run', () => {
  assert.deepEqual(follow([500, 501, 0, 1, 2]), { ...NOTHING, restarts: 1 });
});

test('an exporter that goes on from a lower number is believed after eight datagrams', () => {
  const sequences = [5000, ...Array.from({ length: 20 }, (_, index) => 100 + index)];
  assert.deepEqual(follow(sequences), { ...NOTHING, restarts: 1 });
});

test('an uptime that went back is a restart, also when the number would have fitted', () => {
  assert.deepEqual(follow([1, 2, 3], 1, 1, [900_000, 901_000, 5000]), { ...NOTHING, restarts: 1 });
});

test('an uptime that wraps at 2^32 milliseconds is no restart', () => {
  assert.deepEqual(follow([1, 2, 3], 1, 1, [2 ** 32 - 1500, 2 ** 32 - 500, 500]), NOTHING);
});

test('an uptime that goes back by less than ten seconds is a late datagram', () => {
  assert.deepEqual(follow([1, 3, 2, 4], 1, 1, [50_000, 51_000, 49_900, 52_000]), { ...NOTHING, reordered: 1 });
});

test('an exporter that counts datagrams where it should count records is recognised, and its error forgotten', () => {
  const sequences = Array.from({ length: 40 }, (_, index) => 7000 + index);
  assert.deepEqual(follow(sequences, 12, 1), NOTHING);
});

test('an exporter that counts records where it should count datagrams is recognised, and still loses', () => {
  const sequences = Array.from({ length: 40 }, (_, index) => index * 24);
  assert.deepEqual(follow(sequences, 1, 24), NOTHING);
  assert.deepEqual(follow([...sequences, 41 * 24, 42 * 24], 1, 24), { ...NOTHING, lost: 24 });
});

test('what reaches to the next number is taken for received where a datagram has data that wait', () => {
  const counts = { ...NOTHING, received: 0 };
  const tracker = new SequenceTracker(counts);
  tracker.arrive(10, Number.NaN, 1, -1, 0);
  tracker.arrive(37, 5, 1, -1, SECOND);
  tracker.arrive(52, 5, 1, -1, 2 * SECOND);
  assert.deepEqual(counts, { ...NOTHING, received: 27 + 10, lost: 10 });
});

test('what waited tells how much of it was lost, as soon as all of it is decoded', () => {
  const counts = { ...NOTHING, received: 0 };
  const tracker = new SequenceTracker(counts);
  const held = new HeldArrival();
  held.waiting = 2;
  tracker.arrive(10, Number.NaN, 1, -1, 0, held);
  tracker.arrive(40, 5, 1, -1, SECOND);
  held.decoded(12, counts);
  assert.deepEqual(counts, { ...NOTHING, received: 35 });
  held.decoded(8, counts);
  // 30 numbers, 20 of them seen.
  assert.deepEqual(counts, { ...NOTHING, received: 25, lost: 10 });
});

test('data that are decoded before the next datagram comes leave a gap as any other would', () => {
  const counts = { ...NOTHING, received: 0 };
  const tracker = new SequenceTracker(counts);
  const held = new HeldArrival();
  held.waiting = 1;
  tracker.arrive(10, Number.NaN, 1, -1, 0, held);
  held.decoded(20, counts);
  tracker.arrive(40, 5, 1, -1, SECOND);
  tracker.arrive(30, 10, 1, -1, SECOND);
  assert.deepEqual(counts, { ...NOTHING, received: 35, reordered: 1 });
});

test('a successor goes on where the process before it stood, and fills its gaps', () => {
  const before = new SequenceTracker({ ...NOTHING, received: 0 });
  before.arrive(100, 10, 1, 5000, 0);
  before.arrive(130, 10, 1, 6000, SECOND);
  const state = new Float64Array(256);
  const end = before.writeState(state, 0);
  const counts = { ...NOTHING, received: 0 };
  const after = new SequenceTracker(counts);
  after.restore(state.slice(0, end), 2 * SECOND);
  after.arrive(110, 10, 1, 6000, 2 * SECOND); // late
  after.arrive(160, 10, 1, 7000, 2 * SECOND);
  assert.deepEqual(counts, { ...NOTHING, received: 20, lost: 20 - 10, reordered: 1 });
});

test('a successor that comes hours later begins anew', () => {
  const before = new SequenceTracker({ ...NOTHING, received: 0 });
  before.arrive(100, 10, 1, -1, 0);
  const state = new Float64Array(256);
  const counts = { ...NOTHING, received: 0 };
  const after = new SequenceTracker(counts);
  after.restore(state.slice(0, before.writeState(state, 0)), 7200 * SECOND);
  after.arrive(5000, 10, 1, -1, 7200 * SECOND);
  assert.deepEqual(counts, { ...NOTHING, received: 10 });
});

test('any numbers at all keep the counts sane', () => {
  let state = 12_345;
  const random = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0);
  const counts = follow(Array.from({ length: 20_000 }, random), 3, 1);
  assert.ok(counts.lost >= 0 && counts.lost <= 20_000 * MAX_GAP);
  assert.ok(counts.restarts > 0 && counts.restarts <= 20_000);
});

test('what arrived and what is lost make what was sent, each number once', () => {
  // 1 to 6 were sent: 4 is lost, 3 comes late, 5 comes twice.
  const { received, lost } = followAll([1, 2, 5, 3, 5, 6]);
  assert.deepEqual([received, lost], [5, 1]);
  // In records: three datagrams of 30, the second of them lost.
  const records = followAll([0, 60], 30);
  assert.deepEqual([records.received, records.lost], [60, 30]);
});
