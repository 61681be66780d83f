import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { logColumns } from '../../../../src/query/logs/log-columns.ts';
import { searchLogs, selectLogs } from '../../../../src/query/logs/search-logs.ts';
import { type Clock, systemClock } from '../../../../src/runtime/clock.ts';
import { silentLog } from '../../../../src/runtime/log.ts';
import { connect, type DatabaseClient, disconnect } from '../../../../storage/database/database.ts';
import { coverTimes } from '../../../../storage/database/partitions.ts';
import {
  type TextSearchOptions,
  TextSearchUpkeep,
} from '../../../../storage/database/text-search/text-search-upkeep.ts';
import { startTestDatabase, type TestDatabase } from '../../../support/postgres.ts';

const NOON = Date.UTC(2026, 2, 1, 12) * 1000;
const HOUR = 3_600_000_000;
const RANGE = { from: new Date('2026-03-01T10:00:00Z'), to: new Date('2026-03-01T11:00:00Z') };

interface Bench {
  readonly database: TestDatabase;
  readonly client: DatabaseClient;
  readonly upkeepOf: (options?: TextSearchOptions) => { upkeep: TextSearchUpkeep; round: () => Promise<void> };
  /** By name, whether it is valid. */
  readonly indexes: () => Promise<Map<string, boolean>>;
}

/** It is 12:30; 20,000 messages lie between 10 and 11 o'clock, one between 12 and 13. */
async function bench(context: TestContext): Promise<Bench> {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  context.after(async () => {
    await disconnect(client);
    await database.stop();
  });
  await coverTimes(client, 'syslog_messages', [NOON - 2 * HOUR, NOON - HOUR, NOON], 'hour');
  await client.query(
    `INSERT INTO syslog_messages (received_at, severity, facility, format, transport, device, hostname, app_name, mnemonic, message)
     SELECT timestamptz '2026-03-01 10:00Z' + n * interval '100 ms', n % 8, CASE WHEN n % 500 = 0 THEN 4 ELSE 23 END, '3', 'u',
       inet '10.0.0.0' + n % 200, 'sw-' || n % 200, 'app' || n % 100, 'SYS-5-EVENT' || n % 100, 'link number ' || md5(n::text)
     FROM generate_series(1, 20000) AS n
     UNION ALL SELECT '2026-03-01 12:10Z', 5, 23, '3', 'u', '10.0.0.1', 'sw-1', 'app1', 'SYS-5-EVENT1', 'still growing'`,
  );
  const upkeepOf = (options: TextSearchOptions = {}) => {
    const { clock, round } = handClock();
    const upkeep = new TextSearchUpkeep(database.address, options, clock, silentLog);
    context.after(() => upkeep.stop());
    return { upkeep, round };
  };
  const indexes = async () => {
    const { rows } = await client.query<{ name: string; valid: boolean }>(
      `SELECT relname AS name, indisvalid AS valid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
       WHERE relname ~ '^syslog_messages_\\d+_\\d+_' AND relname !~ 'received_at' ORDER BY relname`,
    );
    return new Map(rows.map(({ name, valid }) => [name, valid]));
  };
  return { database, client, upkeepOf, indexes };
}

/** A clock at half past twelve whose timers fire when the test says so; `round` resolves when the next one is set. */
function handClock(): { clock: Clock; round: () => Promise<void> } {
  let pending: (() => void) | undefined;
  let settled: (() => void) | undefined;
  const clock: Clock = {
    ...systemClock,
    nowMicros: () => NOON + HOUR / 2,
    after(_delayMs, run) {
      pending = run;
      settled?.();
      return () => (pending = undefined);
    },
  };
  const round = (): Promise<void> =>
    new Promise((resolve) => {
      settled = resolve;
      pending?.();
    });
  return { clock, round };
}

async function planOf(client: DatabaseClient, filters: Readonly<Record<string, string>>): Promise<string> {
  const asked = new Map(Object.entries(filters).map(([name, words]) => [name, [words]]));
  const { text, values } = selectLogs({ filters: asked, order: 'newest' }, RANGE, 100, 'message');
  const { rows } = await client.query<{ 'QUERY PLAN': string }>({ text: `EXPLAIN ${text}`, values });
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

test('a partition gets its indexes when its hour is over and it grows no more, and questions use them', async (context) => {
  const { client, upkeepOf, indexes } = await bench(context);
  const { upkeep, round } = upkeepOf();
  await upkeep.start();
  await round(); // how large they are
  assert.equal((await indexes()).size, 0);
  await round();
  const built = await indexes();
  assert.equal(built.size, 9);
  assert.ok([...built].every(([name, valid]) => valid && name.startsWith('syslog_messages_20260301_10_')));
  assert.deepEqual(upkeep.status, {
    partitions: 1,
    indexed: 1,
    building: undefined,
    unindexed: [],
    trouble: undefined,
  });
  const served: [Readonly<Record<string, string>>, string][] = [
    [{ match: 'c4ca4238a0b92' }, 'text'], // md5 of 1
    [{ word: 'c4ca4238a0b923820dcc509a6f75849b' }, 'text'],
    [{ regex: 'c4ca42.*849b' }, 'text'],
    [{ device: '10.0.0.7' }, 'device'],
    [{ device: '10.0.0.8/31' }, 'device'],
    [{ device: 'sw-7' }, 'hostname'],
    [{ host: 'sw-7' }, 'hostname'],
    [{ app: 'app7' }, 'app'],
    [{ mnemonic: 'SYS-5-EVENT7' }, 'mnemonic'],
    [{ mnemonic: 'sys-5-event77*' }, 'mnemonic'],
    [{ facility: 'auth' }, 'facility'],
    [{ severity: 'emerg' }, 'severe'],
    [{ severity: 'alert,err', device: '10.0.0.7' }, 'severe'],
  ];
  for (const [filters, index] of served) {
    const plan = await planOf(client, filters);
    assert.match(plan, new RegExp(`syslog_messages_20260301_10_${index}\\b`), `${JSON.stringify(filters)}\n${plan}`);
  }
});

test('a row that comes late is in the indexes, too', async (context) => {
  const { client, upkeepOf } = await bench(context);
  const { upkeep, round } = upkeepOf();
  await upkeep.start();
  await round();
  await round();
  await client.query(
    `INSERT INTO syslog_messages (received_at, format, transport, device, message)
     VALUES ('2026-03-01 10:30Z', '3', 'u', '10.9.9.9', 'the latecomer was here')`,
  );
  await client.query('BEGIN; SET LOCAL enable_seqscan = off');
  const search = { range: RANGE, columns: logColumns(['message']), order: 'newest', limit: 10 } as const;
  for (const filters of [new Map([['match', ['latecomer']]]), new Map([['device', ['10.9.9.9']]])]) {
    const found: unknown[] = [];
    for await (const rows of searchLogs(client, { ...search, filters })) found.push(...rows);
    assert.deepEqual(found, [['the latecomer was here']]);
  }
});

test('a build that is stopped leaves at once, and the next one begins anew', async (context) => {
  const { database, client, upkeepOf, indexes } = await bench(context);
  const writer = await connect(database.address);
  context.after(() => disconnect(writer));
  // A build waits for those who are writing.
  await writer.query(`BEGIN; LOCK TABLE syslog_messages_20260301_10 IN ROW EXCLUSIVE MODE`);
  const { upkeep, round } = upkeepOf();
  await upkeep.start();
  await round();
  void round();
  await until(client, 'SELECT count(*) > 0 AS met FROM pg_stat_progress_create_index');
  await upkeep.stop();
  assert.deepEqual([...(await indexes())], [['syslog_messages_20260301_10_device', false]]);
  await writer.query('COMMIT');
  const again = upkeepOf();
  await again.upkeep.start();
  await again.round();
  await again.round();
  const built = await indexes();
  assert.deepEqual([built.size, [...built.values()].every(Boolean)], [9, true]);
});

test('without pg_trgm everything else is indexed, and the status says why', async (context) => {
  const { client, upkeepOf, indexes } = await bench(context);
  await client.query(
    `CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not here'; END $$;
     CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION refuse()`,
  );
  const { upkeep, round } = upkeepOf();
  await upkeep.start();
  await round();
  await round();
  assert.equal((await indexes()).size, 8);
  assert.equal(upkeep.status.trouble, undefined);
  assert.deepEqual(upkeep.status.unindexed, [{ why: 'pg_trgm is not in the database', partitions: 1 }]);
  // Somebody with the right creates it.
  await client.query('DROP EVENT TRIGGER refuse; CREATE SCHEMA extensions; CREATE EXTENSION pg_trgm SCHEMA extensions');
  await round();
  assert.equal((await indexes()).size, 9);
  assert.deepEqual(upkeep.status.unindexed, []);
});

test('a partition that is too large, and a database that has better to do, are passed over', async (context) => {
  const { upkeepOf, indexes } = await bench(context);
  let busy: string | undefined = 'batches wait';
  const { upkeep, round } = upkeepOf({ maxTrigramBytes: 1000, holdBack: () => busy });
  await upkeep.start();
  await round();
  await round();
  assert.deepEqual([(await indexes()).size, upkeep.status.trouble], [0, 'batches wait']);
  busy = undefined;
  await round();
  assert.equal((await indexes()).size, 8);
  assert.match(upkeep.status.unindexed[0]?.why ?? '', /in an hour: their text would take too long to index/);
});

test('of two processes one builds', async (context) => {
  const { database, upkeepOf, indexes } = await bench(context);
  const other = await connect(database.address);
  context.after(() => disconnect(other));
  await other.query(`SELECT pg_advisory_lock(hashtext('dogwatch text search'))`);
  const { upkeep, round } = upkeepOf();
  await upkeep.start();
  await round();
  await round();
  assert.deepEqual([(await indexes()).size, upkeep.status.partitions, upkeep.status.indexed], [0, 1, 0]);
});

/** Asks until the database says so. */
async function until(client: DatabaseClient, sql: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { rows } = await client.query<{ met: boolean }>(sql);
    if (rows[0]?.met === true) return;
    await client.query('SELECT pg_sleep(0.05)');
  }
  assert.fail(`never: ${sql}`);
}
