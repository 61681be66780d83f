import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WarmEntry } from '../../collectors/warm-state.ts';
import { inMessages, WARM_LIMITS, WarmStore } from '../../src/keeper/warm-store.ts';

const HOUR_MS = 3_600_000;

function entry(key: string, value: string | undefined = 'value', kind = 'flow.template'): WarmEntry {
  return { kind, key, value: value === undefined ? undefined : Buffer.from(value) };
}

function gone(key: string, kind = 'flow.template'): WarmEntry {
  return { kind, key, value: undefined };
}

/** A store whose clock the test moves. */
function storeAt(limits = WARM_LIMITS) {
  const clock = { ms: 0 };
  return { store: new WarmStore(() => clock.ms, limits), clock };
}

function keysOf(entries: Iterable<WarmEntry>): string[] {
  return [...entries].map(({ key }) => key);
}

test('what a worker tells is passed on to the others and to those that come', () => {
  const { store } = storeAt();
  const told = [entry('a'), entry('b'), gone('a')];
  assert.deepEqual(store.take(1, told), told);
  assert.deepEqual(keysOf(store.all()), ['b']);
  assert.equal(store.version, 3);
});

test('what is told again is passed on too, and is the youngest', () => {
  const { store } = storeAt();
  store.take(1, [entry('a'), entry('b')]);
  assert.deepEqual(keysOf(store.take(2, [entry('a')])), ['a']);
  assert.deepEqual(keysOf(store.all()), ['b', 'a']);
});

test('held data is for the successor of its worker alone', () => {
  const { store } = storeAt();
  assert.deepEqual(store.take(1, [entry('a', 'data', 'flow.held'), entry('t')]), [entry('t')]);
  store.take(2, [entry('b', 'data', 'flow.held')]);
  assert.deepEqual(keysOf(store.all()), ['t']);
  assert.deepEqual(keysOf(store.ownedBy(1)), ['a']);
  store.take(1, [gone('a', 'flow.held')]);
  assert.deepEqual(keysOf(store.ownedBy(1)), []);
  assert.deepEqual(keysOf(store.ownedBy(2)), ['b']);
});

test('the digest is of what is known, in whatever order it came', () => {
  const one = storeAt().store;
  const other = storeAt().store;
  const empty = one.status();
  one.take(1, [entry('a'), entry('b', 'old'), entry('b', 'new'), entry('c')]);
  other.take(2, [entry('c')]);
  other.take(1, [entry('b', 'new'), entry('a'), entry('d'), gone('d')]);
  assert.deepEqual(empty, {});
  assert.deepEqual(one.status(), other.status());
  assert.match(one.status()['flow.template']?.digest ?? '', /^[0-9a-f]{16}$/);
  other.take(1, [entry('a', 'valuf')]);
  assert.notEqual(one.status()['flow.template']?.digest, other.status()['flow.template']?.digest);
  one.take(1, [gone('a'), gone('b'), gone('c')]);
  assert.deepEqual(one.status()['flow.template'], { entries: 0, bytes: 0, digest: '0'.repeat(16), evictions: 0 });
});

test('each kind is bounded in entries and in bytes: what was told longest ago goes, and is counted', () => {
  const { store } = storeAt({ 'flow.template': { entries: 3, bytes: 10_000 } });
  for (let index = 0; index < 10; index++) store.take(1, [entry(`k${index}`)]);
  assert.deepEqual(keysOf(store.all()), ['k7', 'k8', 'k9']);
  store.take(1, [entry('large', 'x'.repeat(9_000))]);
  const status = store.status()['flow.template'];
  assert.ok(status !== undefined && status.bytes <= 10_000);
  assert.equal(status.evictions, 11 - status.entries);
  store.take(1, [entry('too large', 'x'.repeat(20_000))]);
  assert.deepEqual(keysOf(store.all()), []);
});

test('what is kept does not hold on to the message that it came in', () => {
  const { store } = storeAt();
  const message = Buffer.from('....value....');
  store.take(1, [{ kind: 'flow.template', key: 'a', value: message.subarray(4, 9) }]);
  message.fill(0);
  assert.deepEqual([...store.all()], [entry('a', 'value')]);
});

test('entries go in messages of bounded size', () => {
  const { store } = storeAt();
  for (let index = 0; index < 100; index++) store.take(1, [entry(`k${index}`, 'x'.repeat(1000))]);
  const messages = [...inMessages(store.all(), 10_000)];
  assert.ok(messages.length > 5);
  assert.ok(messages.every((message) => message.length <= 10));
  assert.deepEqual(messages.flat(), [...store.all()]);
  assert.deepEqual([...inMessages([])], []);
});

test('templates that nobody told for a day are not in use any more; engines do not age', () => {
  const { store, clock } = storeAt();
  store.take(1, [entry('old'), entry('used'), entry('engine', 'x', 'snmp.engine')]);
  clock.ms = 20 * HOUR_MS;
  store.take(1, [entry('used')]);
  clock.ms = 26 * HOUR_MS;
  assert.deepEqual(keysOf(store.all()), ['engine', 'used'].toSorted().toReversed());
});

test('what is no entry is refused, whatever a worker sends', () => {
  const { store } = storeAt();
  const wrong: unknown[] = [
    { kind: 'no kind', key: 'k', value: Buffer.alloc(1) },
    { kind: 'flow.template', key: 5, value: Buffer.alloc(1) },
    { kind: 'flow.template', key: 'k', value: 'text' },
    { kind: 'flow.template', key: 'k'.repeat(513), value: Buffer.alloc(1) },
    { kind: 'flow.template', key: 'k', value: Buffer.alloc(1 << 20) },
    { kind: undefined, key: 'k', value: null },
  ];
  const parsed: WarmEntry[] = wrong.map((each) => Object(each));
  assert.deepEqual(store.take(1, parsed), []);
  assert.equal(store.refused, wrong.length);
  for (let index = 0; index < 100; index++)
    store.take(1, [entry('k', 'v', `kind.${String.fromCharCode(97 + (index % 26))}${'x'.repeat(index)}`)]);
  assert.ok(Object.keys(store.status()).length <= 32);
});
