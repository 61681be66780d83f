import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import type { WarmEntry, WarmState } from '../../collectors/warm-state.ts';
import { WarmStore } from '../../src/keeper/warm-store.ts';
import { WarmLink } from '../../src/worker/warm-link.ts';
import { netflow9, set, longs, template } from '../support/flow-datagrams.ts';
import { startDecoding } from '../support/flow-decoding.ts';
import { LogLines } from '../support/hand-clock.ts';

class FakeState implements WarmState {
  onWarmChange: ((entry: WarmEntry) => void) | undefined;
  readonly restored: WarmEntry[] = [];

  tell(key: string, value: string | undefined = 'v'): void {
    this.onWarmChange?.({ kind: 'flow.template', key, value: value === undefined ? undefined : Buffer.from(value) });
  }

  warmEntries(): WarmEntry[] {
    return this.restored;
  }

  restoreWarm(entry: WarmEntry): void {
    this.restored.push(entry);
  }
}

/** A link that keeps what it sends; `finish` lets the oldest unfinished send end. */
async function startLink() {
  const state = new FakeState();
  const sent: WarmEntry[][] = [];
  const finish: (() => void)[] = [];
  const lines = new LogLines();
  const send = (entries: readonly WarmEntry[]): Promise<void> => {
    sent.push([...entries]);
    return new Promise((resolve) => finish.push(resolve));
  };
  const link = new WarmLink([state], send, lines.log, () => 0);
  await link.start();
  return { state, sent, finish, link, keys: () => sent.map((entries) => entries.map(({ key }) => key)) };
}

test('what is learnt in a turn is sent at its end, the latest of each key', async () => {
  const { state, keys, sent } = await startLink();
  state.tell('a', 'old');
  state.tell('b');
  state.tell('a', 'new');
  assert.deepEqual(sent, []);
  await turn();
  assert.deepEqual(keys(), [['b', 'a']]);
  assert.deepEqual(
    sent.flat().map(({ value }) => Buffer.from(value ?? []).toString()),
    ['v', 'new'],
  );
});

test('what must be known before the rows are safe can be sent at once', async () => {
  const { state, link, keys } = await startLink();
  state.tell('a');
  link.flush();
  assert.deepEqual(keys(), [['a']]);
  await turn();
  assert.deepEqual(keys(), [['a']]);
});

test('a keeper that takes nothing makes changes gather within bounds, and gets the latest when it goes on', async () => {
  const { state, link, sent, finish } = await startLink();
  const value = 'x'.repeat(100_000);
  for (let index = 0; index < 1000; index++) state.tell(`k${index % 300}`, `${index}${value}`);
  await turn();
  const before = sent.flat().length;
  assert.ok(before > 10 && before < 100, String(before));
  for (let index = 0; index < 1000; index++) state.tell(`k${index % 300}`, `${index}${value}`);
  await turn();
  assert.equal(sent.flat().length, before);
  while (finish.length > 0) {
    finish.shift()?.();
    await turn();
  }
  const latest = new Map(sent.flat().map(({ key, value: bytes }) => [key, Number.parseInt(String(bytes), 10)]));
  assert.equal(latest.get('k99'), 999);
  assert.ok(link.totals.lost > 0);
  assert.equal(link.totals.told, sent.flat().length);
});

test('a keeper that cannot be reached is reported and does no harm', async () => {
  const state = new FakeState();
  const lines = new LogLines();
  const link = new WarmLink(
    [state],
    () => Promise.reject(new Error('channel closed')),
    lines.log,
    () => 0,
  );
  await link.start();
  for (let index = 0; index < 10; index++) {
    state.tell('a');
    await turn();
  }
  assert.equal(link.totals.lost, 10);
  assert.equal(lines.all().length, 2);
  await link.stop();
});

test('what a killed worker had learnt decodes in its successor, and held data follows it', async () => {
  const store = new WarmStore(() => 0);
  const worker = async (id: number) => {
    const decoding = startDecoding();
    const send = async (entries: readonly WarmEntry[]): Promise<void> => {
      for (const other of others) other.restore(structuredClone(store.take(id, structuredClone(entries))));
    };
    const link = new WarmLink([decoding.decoder], send, new LogLines().log, () => 0);
    await link.start();
    link.restore(store.all());
    link.restore(store.ownedBy(id));
    return { ...decoding, link };
  };
  const others: WarmLink[] = [];
  const killed = await worker(1);
  const sibling = await worker(2);
  others.push(sibling.link);
  killed.feed(netflow9({}, set(0, [template(256, [[1, 4]])])));
  killed.feed(netflow9({ sequence: 1 }, set(257, [longs(7)])));
  await turn();
  const successor = await worker(1);
  for (const { feed } of [sibling, successor]) feed(netflow9({ sequence: 2 }, set(256, [longs(9)])));
  assert.deepEqual(sibling.flows('bytes'), [9]);
  assert.equal(sibling.decoder.totals.waiting, 0, 'a set has one owner');
  successor.feed(netflow9({ sequence: 3 }, set(0, [template(257, [[1, 4]])])));
  assert.deepEqual(successor.flows('bytes'), [9, 7]);
  // Before the end of the turn, in which the rows become safe.
  assert.deepEqual([...store.ownedBy(1)], []);
});
