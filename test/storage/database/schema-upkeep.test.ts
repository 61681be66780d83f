import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Clock } from '../../../src/runtime/clock.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { connect, disconnect } from '../../../storage/database/database.ts';
import { SchemaUpkeep } from '../../../storage/database/schema-upkeep.ts';
import { DatabaseWire } from '../../support/database-faults/database-wire.ts';
import { startTestDatabase } from '../../support/postgres.ts';
import { eventually } from '../../support/processes.ts';

/** The number of the lock that `migrate` takes: "dogwatch" in ASCII, cut to 7 bytes. */
const MIGRATION_LOCK = '28268906478727779';

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

for (const [what, strike, mend] of [
  ['the network is silent', (wire: DatabaseWire) => wire.silence(), (wire: DatabaseWire) => wire.cut()],
  ['a firewall forgot the connection', (wire: DatabaseWire) => wire.lose(), () => {}],
] as const) {
  test(`a migration that waits is given up and tried again when ${what}`, async (t) => {
    const database = await startTestDatabase();
    t.after(() => database.stop());
    const { host = '', port = 0, user = '', database: name = '' } = database.address;
    const wire = await DatabaseWire.open(t, join(host, `.s.PGSQL.${port}`));
    const admin = await connect(database.address);
    t.after(() => disconnect(admin));
    await admin.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`); // as another process does that migrates
    const hasty: Clock = { ...systemClock, after: (delayMs, run) => systemClock.after(Math.min(delayMs, 100), run) };
    const connectionString = `postgresql://${user}@127.0.0.1:${wire.port}/${name}`;
    const upkeep = new SchemaUpkeep({ connectionString }, hasty, silentLog);
    const started = upkeep.start();
    await eventually('it waits', async () => {
      const { rows } = await admin.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`);
      return rows.length === 1;
    });
    strike(wire);
    await admin.query('SELECT pg_advisory_unlock_all()');
    await started;
    assert.equal(upkeep.isMigrated, false);
    mend(wire);
    await eventually('it is tried again', () => upkeep.isMigrated);
    await upkeep.stop();
  });
}
