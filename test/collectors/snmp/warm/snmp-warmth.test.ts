import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineIdentity, type SharedEngine } from '../../../../collectors/snmp/usm/engines/engine-identity.ts';
import { UsmProcessor } from '../../../../collectors/snmp/usm/usm-processor.ts';
import type { UsmOptions } from '../../../../collectors/snmp/usm/usm-options.ts';
import { HandClock } from '../../../support/hand-clock.ts';
import { NET_SNMP_ENGINE_ID, NET_SNMP_TRAPS, NET_SNMP_USERS } from '../../../support/net-snmp-traps.ts';
import { ARRIVAL_MICROS, startSnmpDecoding, v2Message, varbind } from '../../../support/snmp-decoding.ts';
import { sourceAt, StandingEngine, v3MessageOf } from '../../../support/snmp-v3.ts';
import { describeEntries, ToldEntries } from '../../../support/warm-entries.ts';

const INFORM = 0xa6;
const NOON = 1_700_000_000;
const inform = v2Message([varbind('02 01 05')], INFORM);

function startTelling() {
  const decoding = startSnmpDecoding();
  return { ...decoding, told: new ToldEntries().listenTo(decoding.decoder) };
}

function processorOf(options: Partial<UsmOptions> = {}): UsmProcessor {
  return new UsmProcessor({ users: Object.values(NET_SNMP_USERS), ...options }, new StandingEngine());
}

function process(processor: UsmProcessor, bytes: Buffer, seconds = NOON): unknown {
  const message = v3MessageOf(bytes);
  assert.ok(message);
  const result = processor.process(message, sourceAt(seconds));
  return result.kind === 'ok' ? result.flags : result;
}

test('an inform that comes again to another process is answered there, and stored once', () => {
  const first = startTelling();
  first.feed(inform);
  assert.deepEqual(first.told.all, [], 'not before its row is safe');
  first.acceptance.settle(true);
  assert.deepEqual(
    first.told.all.map(({ kind }) => kind),
    ['snmp.inform'],
  );
  const second = startTelling();
  first.told.restoreInto(second.decoder);
  second.feed(inform, { sourcePort: 40_001, receivedAtMicros: ARRIVAL_MICROS + 5_000_000 });
  assert.equal(second.replies.length, 1);
  assert.deepEqual(second.rows(), []);
  assert.deepEqual(second.told.log, [], 'what was told by others is not told again');
  assert.deepEqual(describeEntries(second.decoder.warmEntries()), describeEntries(first.told.all));
});

test('an inform whose row was lost is not told, and another process stores it', () => {
  const first = startTelling();
  first.feed(inform);
  first.acceptance.settle(false);
  assert.deepEqual(first.told.log, []);
});

test('ten minutes later an inform with the same key is another one', () => {
  const first = startTelling();
  first.feed(inform);
  first.acceptance.settle(true);
  const second = startSnmpDecoding();
  first.told.restoreInto(second.decoder);
  second.feed(inform, { receivedAtMicros: ARRIVAL_MICROS + 601_000_000 });
  assert.equal(second.rows().length, 1);
});

test('the time window of a sender holds in a process that never heard it', () => {
  const first = processorOf({ timeWindow: 'strict' });
  const told = new ToldEntries().listenTo(first);
  assert.deepEqual(process(first, NET_SNMP_TRAPS.sha256AesLater), []);
  const [entry] = told.all;
  assert.equal(entry?.kind, 'snmp.engine');
  assert.equal(entry.key, NET_SNMP_ENGINE_ID);
  // Version, boots 1, engine time 1331337 s (0x145089), received.
  assert.equal(Buffer.from(entry.value ?? []).toString('hex', 0, 9), '010000000100145089');
  const second = processorOf({ timeWindow: 'strict' });
  told.restoreInto(second);
  const late = process(second, NET_SNMP_TRAPS.sha256Aes, NOON + 1000);
  assert.deepEqual(late, { kind: 'refused', reason: 'time-window' });
  assert.deepEqual(process(processorOf({ timeWindow: 'strict' }), NET_SNMP_TRAPS.sha256Aes, NOON + 1000), []);
});

test('a sender that goes on is told every ten seconds at most', () => {
  const first = processorOf();
  const told = new ToldEntries().listenTo(first);
  process(first, NET_SNMP_TRAPS.sha256Aes, NOON);
  process(first, NET_SNMP_TRAPS.sha256AesLater, NOON + 4);
  assert.equal(told.log.length, 1);
  process(first, NET_SNMP_TRAPS.sha256, NOON + 11);
  assert.equal(told.log.length, 2);
  assert.deepEqual(describeEntries(first.warmEntries()), describeEntries(told.all));
});

test('an engine that had to go is told by the process that heard it, and by no other', () => {
  const heard = processorOf({ maxEngines: 1 });
  const told = new ToldEntries().listenTo(heard);
  process(heard, NET_SNMP_TRAPS.sha256Aes);
  const other = { kind: 'snmp.engine', key: '8000000005aa', value: told.all[0]?.value };
  heard.restoreWarm(other);
  assert.deepEqual(told.all, []);
  heard.restoreWarm({ ...other, key: '8000000005bb' });
  assert.equal(told.log.length, 2);
  assert.equal(heard.engines.known, 1);
});

test('an engine that has moved on is forgotten in silence where it was heard before', () => {
  const before = processorOf({ maxEngines: 1 });
  const toldBefore = new ToldEntries().listenTo(before);
  process(before, NET_SNMP_TRAPS.sha256Aes);
  const now = processorOf();
  const toldNow = new ToldEntries().listenTo(now);
  toldBefore.restoreInto(now);
  process(now, NET_SNMP_TRAPS.sha256AesLater, NOON + 60);
  toldNow.restoreInto(before);
  before.restoreWarm({ kind: 'snmp.engine', key: '8000000005aa', value: toldNow.all[0]?.value });
  assert.equal(before.engines.evictions, 1);
  assert.equal(toldBefore.log.length, 1);
});

test('entries that make no sense are passed over', () => {
  const processor = processorOf();
  const { decoder } = startSnmpDecoding();
  const good = Buffer.from(`01${'00000001'.repeat(2)}${'00'.repeat(8)}`, 'hex');
  for (const key of ['', 'xyz', '80', '8000000005aa'.repeat(20), 'ü'.repeat(40)]) {
    for (let length = 0; length <= 40; length++) {
      for (const kind of ['snmp.engine', 'snmp.inform', 'snmp.other', '']) {
        for (const value of [undefined, Buffer.alloc(length, 255), Buffer.alloc(length, 1), good]) {
          processor.restoreWarm({ kind, key, value });
          decoder.restoreWarm({ kind, key, value });
        }
      }
    }
  }
  assert.deepEqual([...decoder.warmEntries()], []);
  assert.ok(processor.engines.known <= 1, 'at most the one whose id is a single byte');
});

test('processes of one host speak as one engine, whose time goes on while they come and go', async () => {
  const keeperClock = new HandClock();
  let saved = 0;
  const store = { load: async () => ({ engineId: '8000000005aa', boots: 6 }), save: async () => void (saved += 1) };
  const keeper = new EngineIdentity(store, keeperClock);
  await keeper.start();
  keeperClock.advance(100_000);
  // The host's clock stands at 5,000 s; the worker's own began later.
  const shared: SharedEngine = structuredClone(keeper.share(5_000_000));
  assert.deepEqual(shared, { engineId: '8000000005aa', boots: 7, startedAtMs: 4_900_000 });
  const workerClock = new HandClock();
  const worker = new EngineIdentity(shared, workerClock);
  worker.adopt(shared, 5_020_000);
  workerClock.advance(1_000);
  assert.deepEqual([worker.engineId.toString('hex'), worker.boots, worker.time()], ['8000000005aa', 7, 121]);
  const restarted = new EngineIdentity(keeper.share(), new HandClock());
  await restarted.start();
  assert.deepEqual([restarted.boots, restarted.time()], [7, 100]);
  assert.equal(saved, 1);
});

test('an engine that makes no sense is refused', () => {
  const clock = new HandClock();
  for (const wrong of [{ engineId: 'x' }, { boots: 0 }, { boots: 2 ** 31 }, { startedAtMs: Number.NaN }]) {
    const shared = { engineId: '8000000005aa', boots: 7, startedAtMs: 0, ...wrong };
    assert.throws(() => new EngineIdentity(shared, clock).adopt(shared), { code: 'SNMP_ENGINE_STATE_INVALID' });
  }
});
