import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { LOG_COLUMN_NAMES, logColumns } from '../../src/query/logs/log-columns.ts';
import { columnText, jsonColumn } from '../../src/query/records/record-table.ts';
import type { RecordOrder } from '../../src/query/records/search-records.ts';
import { searchLogs, selectLogs } from '../../src/query/logs/search-logs.ts';
import { timeSlices } from '../../src/query/time-slices.ts';
import { connect, type DatabaseClient } from '../../storage/database/database.ts';
import { insertRows } from '../support/flow-rows.ts';
import { logRow } from '../support/log-rows.ts';
import { startTestDatabase } from '../support/postgres.ts';

const RANGE = { from: new Date('2026-03-01T10:00:00Z'), to: new Date('2026-03-01T13:00:00Z') };

let client: DatabaseClient;

/** `proc_id` is the number of the row, which the tests know it by. */
before(async () => {
  const database = await startTestDatabase();
  client = await connect(database.address);
  const at = (minute: number) => `2026-03-01T12:0${minute}:00.000123Z`;
  const cisco = { vendor: 'cisco', format: 'c', facility: 23, hostname: 'Core-1.example.net' };
  await insertRows(client, 'syslog_messages', [
    logRow(at(1), {
      ...cisco,
      proc_id: '1',
      severity: 3,
      mnemonic: 'LINK-3-UPDOWN',
      message: 'Interface Gi0/1 is Down',
    }),
    logRow(at(2), {
      ...cisco,
      proc_id: '2',
      severity: 5,
      mnemonic: 'SYS-5-CONFIG_I',
      message: 'Configured from console by 10.1.2.3, 100% of it',
      device: '192.0.2.130',
    }),
    logRow(at(3), {
      proc_id: '3',
      severity: 6,
      facility: 4,
      app_name: 'sshd',
      hostname: 'core-11',
      device: '2001:db8::7',
      message: 'Accepted\nfor root from 110.1.2.34 C:\\temp_x',
      structured_data: '{"ex@1": {"user": "root"}}',
      tags: '{vpn,night}',
    }),
    logRow(at(4), { proc_id: '4', app_name: 'fw_1', fields: '{"srcip": "10.1.2.3", "action": "deny"}', severity: 4 }),
    logRow(at(5), { proc_id: '5', message: 'garbage', format: 'r', reason: 'no header', raw: '\\x00ff' }),
    logRow('2026-03-01T10:30:00Z', { proc_id: '6', severity: 7, facility: 16, app_name: 'postfix/smtpd' }),
  ]);
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
});

async function found(
  filters: Readonly<Record<string, string | readonly string[]>>,
  more: { order?: RecordOrder; limit?: number } = {},
): Promise<string> {
  const asked = new Map(Object.entries(filters).map(([name, words]) => [name, [words].flat()]));
  const search = {
    range: RANGE,
    filters: asked,
    columns: logColumns(['proc_id']),
    order: 'oldest',
    limit: 100,
  } as const;
  const numbers: (string | null)[] = [];
  for await (const rows of searchLogs(client, { ...search, ...more })) numbers.push(...rows.map(([id]) => id ?? null));
  return numbers.join('');
}

test('each filter finds what it says', async () => {
  const cases: [Readonly<Record<string, string | readonly string[]>>, string][] = [
    [{}, '612345'],
    [{ severity: '<=warning' }, '14'],
    [{ severity: 'err' }, '1'],
    [{ severity: 'none' }, '5'],
    [{ severity: 'debug,notice' }, '62'],
    [{ severity: '0..7' }, '61234'],
    [{ facility: 'local7,auth' }, '123'],
    [{ facility: 'none' }, '45'],
    [{ device: '192.0.2.130' }, '2'],
    [{ device: '192.0.2.128/25,2001:db8::/32' }, '23'],
    [{ device: 'core-1' }, '12'],
    [{ device: 'core-1,2001:db8::7' }, '123'],
    [{ host: 'CORE-1' }, '12'],
    [{ host: 'core-1*' }, '123'],
    [{ host: 'core-1.example.net' }, '12'],
    [{ host: 'none' }, '645'],
    [{ app: 'SSHD,fw_1' }, '34'],
    [{ app: 'fw?1' }, ''],
    [{ app: 'f*_*' }, '4'],
    [{ app: 'post*' }, '6'],
    [{ vendor: 'cisco' }, '12'],
    [{ mnemonic: 'SYS-*,link-3-updown' }, '12'],
    [{ match: 'gi0/1' }, '1'],
    [{ match: ['interface', 'down'] }, '1'],
    [{ match: ['interface', 'console'] }, ''],
    [{ match: '100%' }, '2'],
    [{ match: '0% of' }, '2'],
    [{ match: '1_2' }, ''],
    [{ match: '\\temp_x' }, '3'],
    [{ word: '10.1.2.3' }, '2'],
    [{ word: 'CONSOLE' }, '2'],
    [{ word: 'consol' }, ''],
    [{ regex: 'is (down|up)$' }, '1'],
    [{ field: 'srcip=10.1.2.3' }, '4'],
    [{ field: 'action' }, '4'],
    [{ field: 'user=root' }, '3'],
    [{ field: ['srcip', 'action=permit'] }, ''],
    [{ tag: 'vpn,day' }, '3'],
    [{ reason: 'HEADER' }, '5'],
    [{ unparsed: [] }, '5'],
    [{ severity: 'warning+', vendor: 'cisco' }, '1'],
  ];
  for (const [filters, numbers] of cases) assert.equal(await found(filters), numbers, JSON.stringify(filters));
});

test('the newest come first, or last, and the limit keeps the newest', async () => {
  assert.equal(await found({}, { order: 'newest', limit: 3 }), '543');
  assert.equal(await found({}, { order: 'last', limit: 3 }), '345');
  assert.equal(await found({}, { order: 'last', limit: Infinity }), '612345');
  assert.equal(await found({}, { order: 'newest', limit: Infinity }), '543216');
  assert.equal(await found({}, { order: 'oldest', limit: 2 }), '61');
  assert.equal(await found({}, { order: 'last', limit: 0 }), '');
});

test('nobody gets SQL or a pattern of their own into the question', async () => {
  for (const field of ['match', 'word', 'field', 'app', 'mnemonic', 'tag', 'reason', 'host']) {
    assert.equal(await found({ [field]: `x' OR true --` }), '', field);
  }
});

test('what is written wrong is refused before the database is asked', () => {
  const wrong: [string, string][] = [
    ['device', '192.0.2.300'],
    ['device', '10.0.0.0/33'],
    ['device', 'fe80::1%eth0'],
    ['device', ''],
    ['match', ''],
    ['word', ' '],
    ['regex', ''],
    ['field', '=x'],
    ['match', 'x'.repeat(1001)],
    ['match', 'a\0b'],
    ['app', 'a,,b'],
  ];
  for (const [name, words] of wrong) {
    const ask = () => selectLogs({ filters: new Map([[name, [words]]]), order: 'newest' }, RANGE, 1, '1');
    assert.throws(ask, { code: 'USAGE' }, `${name} ${words}`);
  }
});

test('a regular expression that is none is the fault of the question', async () => {
  await client.query('SAVEPOINT before');
  await assert.rejects(found({ regex: 'a(b' }), { code: 'USAGE', message: /--regex: invalid regular expression/ });
  await client.query('ROLLBACK TO before');
});

test('columns are texts of the whole value, in UTC, and JSON leaves out what was not told', async () => {
  const search = { range: RANGE, filters: new Map([['match', ['garbage']]]), order: 'newest', limit: 1 } as const;
  const columns = logColumns(['received_at', 'device', 'severity', 'reason']);
  for await (const rows of searchLogs(client, { ...search, columns }))
    assert.deepEqual(rows, [['2026-03-01T12:05:00.000123Z', '192.0.2.1', null, 'no header']]);
  for await (const rows of searchLogs(client, { ...search, columns: [jsonColumn(logColumns(LOG_COLUMN_NAMES))] })) {
    assert.deepEqual(JSON.parse(rows[0]?.[0] ?? ''), {
      received_at: '2026-03-01T12:05:00.000123+00:00',
      format: 'r',
      transport: 'u',
      cut: false,
      device: '192.0.2.1',
      proc_id: '5',
      message: 'garbage',
      reason: 'no header',
      raw: '\\x00ff',
    });
  }
  assert.throws(() => logColumns(['colour']), { code: 'USAGE', message: /colour/ });
  assert.equal(columnText({ name: 'device', type: 'inet' }), 'host(device)');
});

test('slices follow each other without a gap, from either end, and grow up to a bound', () => {
  for (const from of ['oldest', 'newest'] as const) {
    const slices = [...timeSlices(RANGE, { from, mostMs: 3_600_000 })];
    const inTime = from === 'oldest' ? slices : slices.toReversed();
    assert.deepEqual([inTime[0]?.from, inTime.at(-1)?.to], [RANGE.from, RANGE.to]);
    for (const [index, slice] of inTime.entries()) {
      if (index > 0) assert.deepEqual(slice.from, inTime[index - 1]?.to);
      assert.ok(slice.to.getTime() - slice.from.getTime() <= 3_600_000);
    }
    const [first] = slices;
    assert.equal((first?.to.getTime() ?? 0) - (first?.from.getTime() ?? 0), 10_000);
  }
  assert.deepEqual([...timeSlices({ from: RANGE.to, to: RANGE.to }, { from: 'newest', mostMs: 1 })], []);
});
