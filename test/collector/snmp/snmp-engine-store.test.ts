import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { EngineIdentity } from '../../../collectors/snmp/usm/engines/engine-identity.ts';
import { SnmpEngineStore, type SnmpEngineStoreOptions } from '../../../src/collector/snmp/snmp-engine-store.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { DatabaseAddress } from '../../../storage/database/database.ts';
import { loadEngine } from '../../../storage/database/snmp-engine.ts';
import { startTestDatabase, temporaryDirectory } from '../../support/postgres.ts';

const NOWHERE: DatabaseAddress = { host: '127.0.0.1', port: 1, user: 'nobody', database: 'none' };

/** Starts an engine as a collector does. */
async function startEngine(context: TestContext, options: SnmpEngineStoreOptions): Promise<EngineIdentity> {
  const store = new SnmpEngineStore(options, systemClock, silentLog);
  const engine = new EngineIdentity(store, systemClock);
  await engine.start();
  context.after(() => store.stop());
  return engine;
}

test('each start has the same engine id and one more boot, with the database and without', async (context) => {
  const database = await startTestDatabase();
  context.after(() => database.stop());
  const file = join(await temporaryDirectory(), 'snmp-engine.json');
  const both = { file, database: database.address, node: 'a' };
  const first = await startEngine(context, both);
  const second = await startEngine(context, both);
  const alone = await startEngine(context, { ...both, database: NOWHERE });
  const again = await startEngine(context, both);
  assert.deepEqual(
    [first, second, alone, again].map(({ boots }) => boots),
    [1, 2, 3, 4],
  );
  for (const engine of [second, alone, again]) assert.deepEqual(engine.engineId, first.engineId);
  assert.deepEqual(await loadEngine(database.address), { engineId: first.engineId.toString('hex'), boots: 4 });
});

test('another node of the same database goes on with the same identity', async (context) => {
  const database = await startTestDatabase();
  context.after(() => database.stop());
  const directory = await temporaryDirectory();
  const one = await startEngine(context, { file: join(directory, 'a'), database: database.address, node: 'a' });
  const other = await startEngine(context, { file: join(directory, 'b'), database: database.address, node: 'b' });
  assert.deepEqual(other.engineId, one.engineId);
  assert.equal(other.boots, one.boots + 1);
});

test('a configured engine id goes before the stored one, and begins with boots of its own', async (context) => {
  const database = await startTestDatabase();
  context.after(() => database.stop());
  const options = { file: join(await temporaryDirectory(), 'snmp-engine.json'), database: database.address, node: 'a' };
  await startEngine(context, options);
  await startEngine(context, options);
  const engineId = '80001F8804646F67';
  const configured = await startEngine(context, { ...options, engineId });
  assert.equal(configured.engineId.toString('hex'), engineId.toLowerCase());
  assert.equal(configured.boots, 1);
  assert.equal((await startEngine(context, { ...options, engineId })).boots, 2);
});

test('a damaged file is replaced, and the identity comes from the database', async (context) => {
  const database = await startTestDatabase();
  context.after(() => database.stop());
  const file = join(await temporaryDirectory(), 'snmp-engine.json');
  const options = { file, database: database.address, node: 'a' };
  const before = await startEngine(context, options);
  await writeFile(file, '{"engineId": 5');
  const after = await startEngine(context, options);
  assert.deepEqual(after.engineId, before.engineId);
  assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), { engineId: after.engineId.toString('hex'), boots: 2 });
});

test('without a place to remember boots the engine does not start', async (context) => {
  const file = '/dev/null/snmp-engine.json';
  await assert.rejects(startEngine(context, { file, database: NOWHERE, node: 'a' }), { code: /EEXIST|ENOTDIR/ });
});
