import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WarmEntry } from '../../../collectors/warm-state.ts';
import { COMPARISON_MS, WarmPair } from '../../support/warm-pair.ts';

const MINUTE_MS = 60_000;

function entry(key: string, value: string | undefined = 'value', kind = 'flow.template'): WarmEntry {
  return { kind, key, value: value === undefined ? undefined : Buffer.from(value) };
}

function gone(key: string, kind = 'flow.template'): WarmEntry {
  return { kind, key, value: undefined };
}

test('each node takes what only the other knows when the link opens, whoever leads', async () => {
  const pair = new WarmPair();
  pair.a.learn(entry('a'));
  pair.b.learn(entry('b'));
  await pair.connect();
  assert.deepEqual(pair.a.keys(), ['a', 'b']);
  assert.deepEqual(pair.b.keys(), ['a', 'b']);
  await pair.comparison();
  await pair.comparison();
  assert.deepEqual([pair.a.mirror.differing, pair.b.mirror.differing], [[], []]);
});

test('what the leading node learns and forgets is told to the other, and there to its workers', async () => {
  const pair = new WarmPair();
  pair.a.leads = true;
  await pair.connect();
  pair.a.learn(entry('one'), entry('two'));
  await pair.rest();
  assert.deepEqual(pair.b.keys(), ['one', 'two']);
  pair.a.learn(gone('one'));
  await pair.rest();
  assert.deepEqual(pair.b.keys(), ['two']);
  assert.deepEqual(
    pair.b.forWorkers.map(({ key, value }) => `${key} ${value === undefined ? '-' : '+'}`),
    ['one +', 'two +', 'one -'],
  );
});

test('a message that was lost is made good by the next comparison, in that kind only', async () => {
  const pair = new WarmPair();
  pair.a.leads = true;
  await pair.connect();
  pair.toB.arrives = () => false;
  pair.a.learn(entry('lost'));
  await pair.rest();
  pair.toB.arrives = () => true;
  pair.a.learn(entry('kept', 'rate', 'flow.sampling'));
  await pair.rest();
  assert.deepEqual(pair.b.keys(), []);
  await pair.comparison();
  assert.deepEqual(pair.b.keys(), ['lost']);
  assert.equal(pair.a.mirror.totals.resyncs, 1);
  await pair.comparison();
  assert.deepEqual(pair.b.mirror.differing, []);
});

test('what changes with every datagram is not taken for different', async () => {
  const pair = new WarmPair();
  pair.a.leads = true;
  await pair.connect();
  let serial = 0;
  // With each message that goes, more changes: there is no quiet moment.
  pair.toB.onSend = () => {
    if (serial < 500) setImmediate(() => pair.a.learn(entry('counter', String((serial += 1)), 'flow.sequence')));
  };
  pair.a.learn(entry('counter', '0', 'flow.sequence'));
  for (let comparisons = 0; comparisons < 5; comparisons += 1) await pair.comparison();
  assert.ok(serial > 100);
  assert.equal(pair.a.mirror.totals.resyncs, 0);
  assert.deepEqual([pair.a.mirror.differing, pair.b.mirror.differing], [[], []]);
});

test('a leader that dies while it tells a kind anew leaves the other no poorer', async () => {
  const pair = new WarmPair();
  pair.a.leads = true;
  await pair.connect();
  const large = 'x'.repeat(100_000);
  pair.a.learn(...Array.from({ length: 30 }, (_, index) => entry(`t${index}`, large)));
  await pair.rest();
  assert.equal(pair.b.keys().length, 30);
  pair.b.store.take(-1, [entry('stray')]);
  // The first message gets there, then the leader is gone.
  let arrived = 0;
  pair.toB.arrives = ({ anew }) => anew === undefined || (arrived += 1) < 2;
  await pair.comparison();
  assert.ok(arrived > 1);
  pair.cut();
  assert.equal(pair.b.keys().length, 31);
});

test('a node that restarts empty does not empty the other, not even when it leads before it has heard it', async () => {
  const pair = new WarmPair();
  pair.b.learn(entry('known'), entry('as well'));
  pair.a.leads = true;
  // Nothing of what B knows gets through.
  const connected = pair.connect();
  pair.toA.arrives = () => false;
  await connected;
  pair.a.learn(entry('own'));
  pair.clock.advance(COMPARISON_MS);
  await pair.rest();
  assert.deepEqual(pair.b.keys(), ['as well', 'known', 'own']);
  pair.toA.arrives = () => true;
  await pair.comparison();
  await pair.comparison();
  assert.deepEqual(pair.a.keys(), ['as well', 'known', 'own']);
  assert.deepEqual(pair.b.keys(), ['as well', 'known', 'own']);
});

test('held data that the leader has decoded while the link was down does not come back from the other', async () => {
  const pair = new WarmPair();
  pair.a.leads = true;
  await pair.connect();
  pair.a.learn(entry('set', 'data', 'flow.held'));
  await pair.rest();
  assert.deepEqual(pair.b.keys('flow.held'), ['set']);
  pair.cut();
  pair.a.learn(gone('set', 'flow.held'));
  await pair.connect();
  assert.deepEqual(pair.a.keys('flow.held'), []);
  await pair.comparison();
  assert.deepEqual(pair.b.keys('flow.held'), []);
});

test('informs that grow too old at the leader go at the other with them, without all being told anew', async () => {
  const pair = new WarmPair();
  pair.a.leads = true;
  await pair.connect();
  for (let minute = 0; minute < 30; minute += 1) {
    pair.a.learn(entry(`inform ${minute}`, 'x', 'snmp.inform'));
    for (let steps = 0; steps < MINUTE_MS / COMPARISON_MS; steps += 1) await pair.comparison();
  }
  assert.ok(pair.a.keys('snmp.inform').length <= 12);
  assert.deepEqual(pair.b.keys('snmp.inform'), pair.a.keys('snmp.inform'));
  assert.equal(pair.a.mirror.totals.resyncs, 0);
});

test('a node that leads forgets nothing at the word of another that leads', async () => {
  const pair = new WarmPair();
  await pair.connect();
  pair.a.leads = true;
  pair.b.leads = true;
  pair.b.store.take(0, [entry('of b')]);
  pair.toA.arrives = () => false;
  pair.a.learn(entry('of a'));
  await pair.comparison();
  assert.deepEqual(pair.b.keys(), ['of a', 'of b']);
});

test('what is told over a link that was closed meanwhile changes nothing of the next', async () => {
  const pair = new WarmPair();
  pair.a.leads = true;
  await pair.connect();
  const old = pair.toB;
  pair.a.learn(entry('x'));
  pair.cut();
  await pair.connect();
  pair.a.learn(entry('y'));
  await pair.rest();
  assert.deepEqual(pair.b.keys(), ['x', 'y']);
  assert.notEqual(old, pair.toB);
});

test('a node that begins to lead hands down all that it was told, and then what it takes by a merge', async () => {
  const pair = new WarmPair();
  const stored: string[] = [];
  const note = (entries: Iterable<WarmEntry>): void => void stored.push(...Array.from(entries, ({ key }) => key));
  pair.b.mirror.onLead = note;
  pair.b.mirror.onMerged = note;
  pair.a.leads = true;
  await pair.connect();
  pair.a.learn(entry('told'));
  await pair.rest();
  assert.deepEqual(stored, []);
  pair.cut();
  pair.a.learn(entry('learnt alone'));
  pair.a.leads = false;
  pair.b.become('active');
  assert.deepEqual(stored, ['told']);
  await pair.connect();
  assert.deepEqual(stored, ['told', 'learnt alone']);
});

test('what changes a hundred times while the other node is slow is told once, as it is then', async () => {
  const pair = new WarmPair();
  pair.a.leads = true;
  await pair.connect();
  const { told } = pair.a.mirror.totals;
  for (let change = 0; change < 100; change += 1)
    for (let key = 0; key < 1000; key += 1) pair.a.learn(entry(`t${key}`, `change ${change}`));
  await pair.rest();
  // The first of all is on its way at once.
  assert.ok(pair.a.mirror.totals.told - told <= 1001, String(pair.a.mirror.totals.told));
  assert.deepEqual(
    [...pair.b.store.entries()].slice(0, 1).map(({ value }) => String(value)),
    ['change 99'],
  );
});

test('a flood of senders grows neither copy beyond its bounds, and both end with the same', async () => {
  const pair = new WarmPair();
  pair.a.leads = true;
  await pair.connect();
  // More than may be pending, and more than may be known of them.
  for (let sender = 0; sender < 120_000; sender += 1) pair.a.learn(entry(`s${sender}`, 'rate', 'flow.sampling'));
  await pair.rest();
  for (let comparisons = 0; comparisons < 3; comparisons += 1) await pair.comparison();
  const [a, b] = [pair.a.store.status(), pair.b.store.status()];
  assert.ok((a['flow.sampling']?.entries ?? 0) <= 100_000);
  assert.deepEqual(a['flow.sampling']?.digest, b['flow.sampling']?.digest);
  assert.deepEqual(pair.b.mirror.differing, []);
});
