import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import { LastingAccounts } from '../../../src/collector/losses/lasting-accounts.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { DraftStore } from '../../../storage/journal/drafts/draft-store.ts';
import { startDecoding } from '../../support/flow-decoding.ts';
import { netflow9, set, template, words } from '../../support/flow-datagrams.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { MemorySink } from '../../support/memory-sink.ts';
import { temporaryDirectory } from '../../support/postgres.ts';

const TEMPLATE = set(0, [template(256, [[4, 2]])]);
const RECORD = set(256, [words(6)], 2);

interface Life {
  /** NetFlow v9 datagrams with these numbers. */
  hear(from: number, to: number): void;
  counts(): { readonly received: number; readonly lost: number };
  orphan(): void;
  end(): Promise<void>;
}

/** The lives of one worker, one after the other, on one folder. */
async function worker(t: TestContext): Promise<() => Promise<Life>> {
  const directory = await temporaryDirectory();
  const clock = new HandClock();
  const silent = { accountLog: undefined, loggedAccounts: () => [] };
  return async () => {
    clock.advance(1000);
    const drafts = new DraftStore(join(directory, 'drafts'), 0, clock, silentLog);
    t.after(() => drafts.close());
    const { decoder, feed, exporter } = startDecoding();
    const intake = { open: () => new MemorySink(LOSSES), settle: () => Promise.resolve() };
    const counters = { flow: decoder, syslog: silent, snmp: silent, dropped: silent };
    const notes = { notes: undefined };
    const place = { directory: () => directory, drafts, intake, rows: { flow: notes, syslog: notes, snmp: notes } };
    const accounts = new LastingAccounts(counters, place, clock, silentLog);
    await accounts.start();
    await accounts.restore();
    const hear = (from: number, to: number): void => {
      for (let sequence = from; sequence < to; sequence += 1) {
        clock.advance(1);
        const uptimeMs = 100_000 + sequence;
        feed(netflow9({ sequence, uptimeMs }, TEMPLATE, RECORD), { atMicros: clock.nowMicros() });
      }
    };
    const end = async (): Promise<void> => {
      accounts.expectGuests();
      await accounts.stop();
    };
    const counts = (): ReturnType<Life['counts']> => {
      const { received, lost } = exporter();
      return { received, lost };
    };
    return { hear, counts, orphan: () => accounts.expectGuests(), end };
  };
}

/** The second life of a worker that heard these numbers in its first. */
async function secondLife(t: TestContext, from: number, to: number): Promise<Life> {
  const start = await worker(t);
  const first = await start();
  first.hear(from, to);
  await first.end();
  return start();
}

test('where the numbers of an exporter stood survives the worker, and what nobody heard between is lost', async (t) => {
  const second = await secondLife(t, 0, 100);
  second.hear(130, 140);
  assert.deepEqual(second.counts(), { received: 10, lost: 30 });
});

test("the sender of another worker that came while workers ended is no exporter of this one's the next time", async (t) => {
  const second = await secondLife(t, 1000, 1002);
  // The other worker hears 1,002 to 500,000.
  second.orphan();
  second.hear(500_000, 500_003);
  assert.deepEqual(second.counts(), { received: 3, lost: 0 });
});

test('an exporter that was heard goes on with its numbers to the end', async (t) => {
  const second = await secondLife(t, 0, 10);
  second.hear(10, 20);
  second.orphan();
  second.hear(25, 30);
  assert.deepEqual(second.counts(), { received: 15, lost: 5 });
});
