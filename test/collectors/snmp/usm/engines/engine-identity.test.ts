import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  EngineIdentity,
  type EngineState,
  type EngineStateStore,
} from '../../../../../collectors/snmp/usm/engines/engine-identity.ts';
import { HandClock } from '../../../../support/hand-clock.ts';

/** A store in memory that says when it was asked what. */
class MemoryStore implements EngineStateStore {
  state: EngineState | undefined;
  refuses = false;

  constructor(state?: EngineState) {
    this.state = state;
  }

  async load(): Promise<EngineState | undefined> {
    return this.state;
  }

  async save(state: EngineState): Promise<void> {
    if (this.refuses) throw new Error('no room');
    this.state = state;
  }
}

test('a new engine gets an id as RFC 3411 forms it, once, and boots of 1', async () => {
  const store = new MemoryStore();
  const first = new EngineIdentity(store, new HandClock());
  await first.start();
  const id = first.engineId.toString('hex');
  // The first bit set and an enterprise number, the format "octets", 16 random octets.
  assert.match(id, /^8000000005[0-9a-f]{32}$/);
  assert.deepEqual(store.state, { engineId: id, boots: 1 });
  const second = new EngineIdentity(store, new HandClock());
  await second.start();
  assert.equal(second.engineId.toString('hex'), id);
  assert.equal(second.boots, 2);
});

test('two new engines have different ids', async () => {
  const ids = new Set<string>();
  for (let each = 0; each < 2; each += 1) {
    const identity = new EngineIdentity(new MemoryStore(), new HandClock());
    await identity.start();
    ids.add(identity.engineId.toString('hex'));
  }
  assert.equal(ids.size, 2);
});

test('engine time counts whole seconds since the boots were raised', async () => {
  const clock = new HandClock();
  clock.advance(5_000);
  const identity = new EngineIdentity(new MemoryStore(), clock);
  await identity.start();
  assert.equal(identity.time(), 0);
  clock.advance(2_999);
  assert.equal(identity.time(), 2);
  await identity.start();
  assert.equal(identity.time(), 0);
  assert.equal(identity.boots, 2);
});

test('boots that could not be saved are told to nobody', async () => {
  const store = new MemoryStore({ engineId: '8000000005aa', boots: 4 });
  store.refuses = true;
  const identity = new EngineIdentity(store, new HandClock());
  await assert.rejects(identity.start(), /no room/);
  assert.equal(identity.boots, 0);
  assert.equal(identity.engineId.length, 0);
});

for (const engineId of ['', '80', 'not hex at all', '0000000000', 'ffffffffff', 'aa'.repeat(33)]) {
  test(`a stored engine id of ${JSON.stringify(engineId)} is refused with what to do`, async () => {
    const identity = new EngineIdentity(new MemoryStore({ engineId, boots: 1 }), new HandClock());
    await assert.rejects(identity.start(), { code: 'SNMP_ENGINE_STATE_INVALID' });
  });
}

test('an engine whose boots are used up says so', async () => {
  const identity = new EngineIdentity(
    new MemoryStore({ engineId: '8000000005aa', boots: 2 ** 31 - 2 }),
    new HandClock(),
  );
  await assert.rejects(identity.start(), { code: 'SNMP_ENGINE_BOOTS_EXHAUSTED' });
});
