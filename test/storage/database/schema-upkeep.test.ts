import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../../src/runtime/clock.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { connect, disconnect } from '../../../storage/database/database.ts';
import { SchemaUpkeep } from '../../../storage/database/schema-upkeep.ts';
import { startTestDatabase } from '../../support/postgres.ts';

/** A clock whose timers fire when the test says so. */
function handClock(): { clock: Clock; fire: () => void } {
  let pending: (() => void) | undefined;
  const clock: Clock = {
    ...systemClock,
    after(_delayMs, run) {
      pending = run;
      return () => (pending = undefined);
    },
  };
  return { clock, fire: () => pending?.() };
}

test('a database that is away at the start is brought up to date when it comes', async (t) => {
  const database = await startTestDatabase();
  t.after(() => database.stop());
  const admin = await connect(database.address);
  t.after(() => disconnect(admin));
  await admin.query('DROP SCHEMA public CASCADE'); // nowhere to create tables in: as good as away
  const { clock, fire } = handClock();
  const upkeep = new SchemaUpkeep(database.address, clock, silentLog);
  await upkeep.start();
  assert.equal(upkeep.isMigrated, false);
  await admin.query('CREATE SCHEMA public');
  fire();
  await upkeep.stop();
  assert.equal(upkeep.isMigrated, true);
});

test('a database of a newer program is refused at the start', async (t) => {
  const database = await startTestDatabase();
  t.after(() => database.stop());
  const admin = await connect(database.address);
  t.after(() => disconnect(admin));
  await admin.query(`INSERT INTO schema_migrations (number, name, checksum) VALUES (9999, '9999_later', '')`);
  const upkeep = new SchemaUpkeep(database.address, systemClock, silentLog);
  await assert.rejects(upkeep.start(), { code: 'SCHEMA_NEWER' });
  await upkeep.stop();
});
