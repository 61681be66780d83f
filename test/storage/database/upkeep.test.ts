import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../../src/runtime/clock.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { connect, disconnect } from '../../../storage/database/database.ts';
import { DatabaseUpkeep } from '../../../storage/database/upkeep.ts';
import { startTestDatabase } from '../../support/postgres.ts';

const RETENTION = { partitionBy: 'day', keepDays: 30, keepLedgerDays: 7 } as const;

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
  const upkeep = new DatabaseUpkeep(database.address, RETENTION, clock, silentLog);
  await upkeep.start();
  assert.equal(upkeep.isMigrated, false);
  await admin.query('CREATE SCHEMA public');
  fire();
  await upkeep.stop();
  assert.equal(upkeep.isMigrated, true);
  const { rows } = await admin.query<{ partitions: string }>(
    `SELECT count(*) AS partitions FROM pg_inherits WHERE inhparent = 'flows'::regclass`,
  );
  assert.ok(Number(rows[0]?.partitions) >= 3, 'partitions for today and the next two days');
});

test('a database of a newer program is refused at the start', async (t) => {
  const database = await startTestDatabase();
  t.after(() => database.stop());
  const admin = await connect(database.address);
  t.after(() => disconnect(admin));
  await admin.query(`INSERT INTO schema_migrations (number, name, checksum) VALUES (9999, '9999_later', '')`);
  const upkeep = new DatabaseUpkeep(database.address, RETENTION, systemClock, silentLog);
  await assert.rejects(upkeep.start(), { code: 'SCHEMA_NEWER' });
  await upkeep.stop();
});

test('clocks that are far apart are told of, once', async (t) => {
  const database = await startTestDatabase();
  t.after(() => database.stop());
  const { clock, fire } = handClock();
  const lines: [string, unknown][] = [];
  const line = (fields: Record<string, unknown>, message: string): void => {
    if (message.includes('clock')) lines.push([message, fields['aheadMs']]);
  };
  const log = Object.assign(Object.create(silentLog), { error: line, info: line });
  const aheadMs = 100 * 86_400_000;
  const ours = { ...clock, nowMicros: () => systemClock.nowMicros() + aheadMs * 1000 };
  const upkeep = new DatabaseUpkeep(database.address, RETENTION, ours, log);
  await upkeep.start();
  fire();
  await upkeep.stop();
  assert.deepEqual(
    lines.map(([message]) => message),
    ['our clock is not that of the database: nothing is dropped for its age'],
  );
  assert(Math.abs(Number(lines[0]?.[1]) - aheadMs) < 60_000);
});
