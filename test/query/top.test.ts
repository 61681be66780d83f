import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { askTop, topQuery, type TopQuestion } from '../../src/query/top/top.ts';
import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { insertRows } from '../support/flow-rows.ts';
import { startTestDatabase } from '../support/postgres.ts';

const E1 = '192.0.2.1';
const E2 = '192.0.2.2';
const A = { address: '10.0.0.1', port: 40_000 };
const B = { address: '10.0.0.2', port: 443 };
const C = { address: '10.0.0.3', port: 53 };

/** Ten minutes: 600 s. */
const RANGE = { from: new Date('2026-03-01T12:00:00Z'), to: new Date('2026-03-01T12:10:00Z') };

let client: DatabaseClient;

// Scaled: A to B 100,000 bytes in 1,000 packets, its reverse half 50,000 in 500; A to C 70 of unknown sampling, and 9,000.
before(async () => {
  const database = await startTestDatabase();
  client = await connect(database.address);
  const row = (time: string, from: typeof A, to: typeof A, more: Record<string, string | number>) => ({
    received_at: `2026-03-01T${time}Z`,
    src_addr: from.address,
    src_port: from.port,
    dst_addr: to.address,
    dst_port: to.port,
    protocol: 6,
    ...more,
  });
  const inside = [
    row('12:00:00', A, B, {
      bytes: 1000,
      packets: 10,
      sampling_rate: 100,
      exporter: E1,
      in_if: 1,
      out_if: 2,
      direction: 0,
    }),
    row('12:01:00', B, A, {
      bytes: 500,
      packets: 5,
      sampling_rate: 100,
      exporter: E1,
      in_if: 2,
      out_if: 1,
      direction: 0,
      extra: '{"biflowDirection": 2}',
    }),
    row('12:02:00', { ...A, port: 5353 }, C, {
      bytes: 70,
      packets: 1,
      protocol: 17,
      exporter: E2,
      in_if: 1,
      out_if: 7,
    }),
    row('12:03:00', A, C, {
      bytes: 9000,
      packets: 9,
      sampling_rate: 1,
      exporter: E1,
      in_if: 1,
      out_if: 2,
      direction: 1,
      application_id: '13:5',
    }),
  ];
  const outside = [
    row('12:10:00', A, B, { bytes: 1e9, packets: 1, exporter: E1 }),
    row('11:59:59.999', A, B, { bytes: 1e9, packets: 1, exporter: E1 }),
  ];
  await insertRows(client, 'flows', [...inside, ...outside]);
  const told = { seen_at: '2026-03-01T12:00:00Z', exporter: E1 };
  await insertRows(client, 'applications', [{ ...told, application_id: '13:5', name: 'netflix' }]);
  await insertRows(client, 'interfaces', [{ ...told, if_index: 1, name: 'Gi0/1' }]);
});

// Not closed by `after`: the server is stopped first, and ends all connections.
function question(more: Partial<TopQuestion>): TopQuestion {
  return { subject: 'talkers', range: RANGE, by: 'bytes', limit: 10, exporter: [], direction: 'both', ...more };
}

async function rowsOf(more: Partial<TopQuestion>): Promise<unknown[][]> {
  const { rows } = await askTop(client, question(more));
  return rows.map(({ key, bytes, flows, sides }) => [...Object.values(key), bytes, flows, ...sides]);
}

test('the whole has each flow once, sampling applied, without reverse halves counted as flows', async () => {
  for (const subject of ['talkers', 'conversations', 'applications', 'interfaces', 'exporters'] as const) {
    const { whole } = await askTop(client, question({ subject }));
    assert.deepEqual(whole, { bytes: 159_070, packets: 1510, flows: 3, unknownSampling: 1 }, subject);
  }
});

test('talkers send and receive; rate and share are of the whole stretch and the whole traffic', async () => {
  assert.deepEqual(await rowsOf({}), [
    [A.address, 159_070, 3, 109_070, 50_000],
    [B.address, 150_000, 1, 50_000, 100_000],
    [C.address, 9070, 2, 0, 9070],
  ]);
  const { rows } = await askTop(client, question({}));
  assert.equal(rows[1]?.bitsPerSecond, (150_000 * 8) / 600);
  assert.equal(rows[1]?.share, 150_000 / 159_070);
  assert.equal(rows[0]?.packets, 1510);
  assert.equal(rows[2]?.unknownSampling, 1);
});

test('conversations are pairs of hosts, both directions together', async () => {
  assert.deepEqual(await rowsOf({ subject: 'conversations' }), [
    [A.address, B.address, 150_000, 1, 100_000, 50_000],
    [A.address, C.address, 9070, 2, 9070, 0],
  ]);
});

test('applications go by the name that the exporter tells, else by protocol and the lower port', async () => {
  const { rows } = await askTop(client, question({ subject: 'applications' }));
  assert.deepEqual(
    rows.map(({ key, bytes }) => [key['application'], key['protocol'], key['port'], bytes]),
    [
      [null, 6, 443, 150_000],
      ['netflix', null, null, 9000],
      [null, 17, 53, 70],
    ],
  );
});

test('interfaces have what came in and what left, with their names', async () => {
  assert.deepEqual(await rowsOf({ subject: 'interfaces' }), [
    [E1, 1, 'Gi0/1', null, null, 159_000, 3 - 1, 109_000, 50_000],
    [E1, 2, null, null, null, 159_000, 3 - 1, 50_000, 109_000],
    [E2, 1, null, null, null, 70, 1, 70, 0],
    [E2, 7, null, null, null, 70, 1, 0, 70],
  ]);
});

/** The names of 2026-03-01, as `interface_names` has them. */
async function polledDatabase(): Promise<DatabaseClient> {
  const own = await connect((await startTestDatabase()).address);
  const flow = { received_at: '2026-03-01T12:05:00Z', exporter: E1, sampling_rate: 1 };
  await insertRows(own, 'flows', [
    { ...flow, in_if: 1, out_if: 2, bytes: 7_500_000, packets: 10 }, // 100 kbit/s in 600 s
    { ...flow, in_if: 2, out_if: 1, bytes: 750_000, packets: 900 },
    { ...flow, in_if: 3, out_if: 0, bytes: 75_000_000, packets: 1 },
    { ...flow, in_if: 4, out_if: 0, bytes: 1, packets: 1 },
    // 2^63 - 1, which is no ifIndex and no number of JavaScript.
    { ...flow, exporter: E2, in_if: '9223372036854775807', bytes: 2, packets: 1 },
  ]);
  const told = { seen_at: '2026-03-01T12:00:00Z', exporter: E1 };
  await insertRows(own, 'interfaces', [
    { ...told, if_index: 1, name: 'told 1' },
    { ...told, if_index: 4, name: 'told 4' },
  ]);
  const held = (if_index: number, from: string, to: string | null, rest: Record<string, string | number>) => {
    const day = (time: string | null) => (time === null ? null : `2026-03-01T${time}Z`);
    return { device: E1, if_index, valid_from: day(from), valid_to: day(to), ...rest };
  };
  await insertRows(own, 'interface_names', [
    held(1, '10:00:00', '12:00:00', { name: 'before' }),
    held(1, '12:00:00', '12:04:00', { name: 'early' }),
    held(1, '12:04:00', '12:09:00', { name: 'Gi0/1', alias: 'to the lighthouse', speed: 1_000_000 }),
    held(1, '12:10:00', null, { name: 'after' }),
    held(2, '11:00:00', null, { description: 'by ifDescr alone', speed: 200_000 }),
    held(3, '11:00:00', null, { name: 'no speed' }),
    held(4, '12:30:00', null, { name: 'not polled yet', speed: 10 }),
  ]);
  await insertRows(own, 'device_names', [
    { device: E1, valid_from: '2026-03-01T10:00:00Z', valid_to: '2026-03-01T12:01:00Z', sys_name: 'core-1' },
    { device: E1, valid_from: '2026-03-01T12:01:00Z', valid_to: '2026-03-01T12:10:00Z', sys_name: 'core-2' },
    { device: E1, valid_from: '2026-03-01T12:10:00Z', valid_to: null, sys_name: 'core-3' },
  ]);
  return own;
}

test('interfaces have the last name, alias and speed that held in the stretch, and their utilisation', async () => {
  const own = await polledDatabase();
  const { rows } = await askTop(own, question({ subject: 'interfaces', exporter: [E1] }));
  const shown = rows.map(({ key, utilisation }) => [...Object.values(key).slice(1), utilisation]);
  assert.deepEqual(shown, [
    [0, null, null, null, undefined],
    [3, 'no speed', null, null, undefined],
    [1, 'Gi0/1', 'to the lighthouse', 1_000_000, [0.1, 0.01]],
    [2, 'by ifDescr alone', null, 200_000, [0.05, 0.5]],
    [4, 'told 4', null, null, undefined],
  ]);
});

test('the busiest interfaces by utilisation come first, those of unknown speed last, whatever is compared else', async () => {
  const own = await polledDatabase();
  const { rows } = await askTop(own, question({ subject: 'interfaces', by: 'utilisation', limit: 3 }));
  assert.deepEqual(
    rows.map(({ key, sides }) => [key['interface'], ...sides]),
    [
      [2, 750_000, 7_500_000],
      [1, 7_500_000, 750_000],
      [0, 0, 75_000_001],
    ],
  );
  // Utilisation is of bits, also where packets are compared.
  const byPackets = await askTop(own, question({ subject: 'interfaces', by: 'packets', limit: 1 }));
  assert.deepEqual(byPackets.rows[0]?.sides, [10, 900]);
  assert.deepEqual(byPackets.rows[0]?.utilisation, [0.1, 0.01]);
  await assert.rejects(askTop(own, question({ by: 'utilisation' })), { code: 'USAGE' });
});

test('exporters have the sysName that held', async () => {
  const own = await polledDatabase();
  const names = async (more: Partial<TopQuestion>) =>
    (await askTop(own, question({ subject: 'exporters', ...more }))).rows.map(({ key }) => key['name']);
  assert.deepEqual(await names({}), ['core-2', null]);
  const later = { from: new Date('2026-03-01T12:05:00Z'), to: new Date('2026-03-02T12:05:01Z') };
  assert.deepEqual(await names({ range: later }), ['core-3', null]);
});

test('names are looked up for what is shown, and not for every flow', async () => {
  const own = await polledDatabase();
  const { text, values } = topQuery(question({ subject: 'interfaces', limit: 1 }));
  const plan = await own.query<{ 'QUERY PLAN': string }>(`EXPLAIN (ANALYZE, TIMING OFF) ${text}`, values);
  const lines = plan.rows.map((row) => row['QUERY PLAN']);
  const lookup = lines.find((line) => line.includes('interface_names'));
  assert.match(lookup ?? '', /loops=1\)/);
});

test('what is compared, how many, whose and metered where can be chosen', async () => {
  const hosts = async (more: Partial<TopQuestion>) => (await rowsOf(more)).map(([host]) => host);
  assert.deepEqual(await hosts({ by: 'flows' }), [A.address, C.address, B.address]);
  assert.deepEqual(await hosts({ by: 'packets', limit: 2 }), [A.address, B.address]);
  assert.deepEqual(await hosts({ exporter: [`${E2}/32`] }), [A.address, C.address]);
  assert.deepEqual(await hosts({ exporter: ['192.0.2.0/24', E1], direction: 'out' }), [A.address, C.address]);
  const { whole } = await askTop(client, question({ direction: 'in' }));
  assert.equal(whole.bytes, 150_070, 'of ingress, and of those that do not say');
  await assert.rejects(askTop(client, question({ exporter: ['router1'] })), { code: 'USAGE' });
});

test('a stretch without flows has no rows and a whole of zeros', async () => {
  const range = { from: new Date('2020-01-01T00:00:00Z'), to: new Date('2020-01-02T00:00:00Z') };
  assert.deepEqual(await askTop(client, question({ range })), {
    rows: [],
    whole: { bytes: 0, packets: 0, flows: 0, unknownSampling: 0 },
    origin: { seconds: { raw: 86_400 }, exact: true, mayLack: 0 },
  });
});

test('only the partitions of the stretch are opened', async () => {
  const { text, values } = topQuery(question({}));
  const plan = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
  const lines = plan.rows.map((row) => row['QUERY PLAN']).join('\n');
  assert.match(lines, /flows_20260301_12/);
  assert.doesNotMatch(lines, /flows_20260301_11/);
});

test('the largest counters with the largest rate do not fail the question', async () => {
  const database = await startTestDatabase();
  const own = await connect(database.address);
  const row = {
    received_at: '2026-03-01T12:00:00Z',
    exporter: E1,
    bytes: '9223372036854775807',
    sampling_rate: 2 ** 31 - 1,
  };
  await insertRows(own, 'flows', [row, row]);
  const { rows } = await askTop(own, question({ subject: 'exporters' }));
  assert.equal(rows[0]?.bytes, 2 * 2 ** 63 * (2 ** 31 - 1));
  await disconnect(own);
});
