import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Clock } from '../../../src/runtime/clock.ts';
import { GroupSync } from '../../../storage/journal/group-sync.ts';
import { Segment } from '../../../storage/journal/segments/segment.ts';
import { FLOWS } from '../../../collectors/flow/tables.ts';
import { sealedBatch } from '../../support/batches.ts';
import { temporaryDirectory } from '../../support/postgres.ts';

class CountingSegment extends Segment {
  syncs = 0;
  override async sync(): Promise<void> {
    this.syncs += 1;
    await super.sync();
  }
}

/** A clock that stands still until it is told. */
function handClock(): Clock & { elapse: (ms: number) => void } {
  let now = 0;
  let timers: { at: number; run: () => void }[] = [];
  return {
    nowMicros: () => now * 1000,
    monotonicMs: () => now,
    after: (ms, run) => {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => void (timers = timers.filter((other) => other !== timer));
    },
    elapse: (ms) => {
      now += ms;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { run } of due) run();
    },
  };
}

async function bench() {
  const segment = new CountingSegment(join(await temporaryDirectory(), '1.journal'), 1);
  await segment.create();
  const clock = handClock();
  const sync = new GroupSync(100, clock, (error) => assert.fail(String(error)));
  const add = async () => {
    const batches = [sealedBatch(FLOWS, [{ received_at: 0 }])];
    await segment.write(batches);
    const [entry] = segment.add(batches, clock.monotonicMs());
    assert(entry);
    sync.add(entry);
    return entry;
  };
  return { segment, clock, sync, add };
}

test('batches that wait share one sync, when the oldest is due', async () => {
  const { segment, clock, sync, add } = await bench();
  await add();
  clock.elapse(60);
  await add();
  clock.elapse(39);
  assert.equal(segment.syncs, 0);
  clock.elapse(1);
  await sync.flush();
  assert.equal(segment.syncs, 1);
  await segment.close();
});

test('a batch that is done in time is not synced, and one behind it not before its own time', async () => {
  const { segment, clock, sync, add } = await bench();
  const first = await add();
  clock.elapse(60);
  await add();
  segment.markDone(first);
  clock.elapse(40);
  assert.equal(segment.syncs, 0);
  clock.elapse(60);
  await sync.flush();
  assert.equal(segment.syncs, 1);
  await segment.close();
});
