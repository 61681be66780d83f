import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { flowColumns } from '../../src/query/flows/flow-columns.ts';
import { searchFlows, searchFlowsAsJson, type FlowSearch } from '../../src/query/flows/search-flows.ts';
import { connect, type DatabaseClient } from '../../storage/database/database.ts';
import { coverTimes } from '../../storage/database/partitions.ts';
import { insertRows } from '../support/flow-rows.ts';
import { startTestDatabase } from '../support/postgres.ts';

const RANGE = { from: new Date('2026-03-01T12:00:00Z'), to: new Date('2026-03-01T13:00:00Z') };

let client: DatabaseClient;

/** `tos` is the number of the row, which the tests know it by. */
before(async () => {
  const database = await startTestDatabase();
  client = await connect(database.address);
  const at = (minute: number) => `2026-03-01T12:0${minute}:00Z`;
  const web = { protocol: 6, src_port: 50_000, dst_port: 443, src_addr: '10.1.0.1', dst_addr: '10.2.0.2' };
  const dns = { protocol: 17, src_port: 50_001, dst_port: 53, src_addr: '2001:db8:1::1', dst_addr: '2001:db8:2::2' };
  await insertRows(client, 'flows', [
    {
      received_at: at(1),
      tos: 1,
      ...web,
      bytes: 1500,
      packets: 3,
      tcp_flags: 2,
      in_if: 1,
      exporter: '192.0.2.1',
      vlan: 10,
    },
    {
      received_at: at(2),
      tos: 2,
      ...dns,
      bytes: 80,
      packets: 1,
      in_if: 5,
      out_if: 1,
      exporter: '192.0.2.1',
      src_as: 64_500,
    },
    {
      received_at: at(3),
      tos: 3,
      ...web,
      src_addr: '10.2.0.2',
      dst_addr: '10.1.0.1',
      src_port: 443,
      dst_port: 50_000,
      bytes: 90_000,
      packets: 60,
      tcp_flags: 18,
      exporter: '192.0.2.2',
      direction: 1,
      sampling_rate: 10,
      flow_start: '2026-03-01T12:00:00Z',
      flow_end: '2026-03-01T12:01:30.5Z',
      application_id: '13:453',
    },
    {
      received_at: at(4),
      tos: 4,
      protocol: 1,
      src_addr: '10.9.0.9',
      dst_addr: '10.1.0.1',
      dst_port: 2048,
      bytes: '9223372036854775807',
      exporter: '192.0.2.2',
      extra: '{"natEvent": 1, "note": "it\'s; \\"x\\""}',
    },
  ]);
  const told = { seen_at: at(1), exporter: '192.0.2.1', if_index: 1, name: 'Gi0/1', description: 'uplink' };
  await insertRows(client, 'interfaces', [told]);
  await insertRows(client, 'applications', [
    { seen_at: at(1), exporter: '192.0.2.2', application_id: '13:453', name: 'Ssl' },
  ]);
});

function search(more: Partial<FlowSearch>, ...filters: [string, ...string[]][]): FlowSearch {
  const asked = new Map(filters.map(([name, ...words]) => [name, words]));
  return { range: RANGE, filters: asked, columns: flowColumns(['tos']), order: 'oldest', limit: Infinity, ...more };
}

async function within<T>(work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    return await work();
  } finally {
    await client.query('ROLLBACK');
  }
}

async function all<T>(parts: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const part of parts) list.push(part);
  return list;
}

/** The numbers of the rows that are found. */
async function found(...filters: [string, ...string[]][]): Promise<string> {
  const rows = await within(() => all(searchFlows(client, search({}, ...filters))));
  return rows.flat().flat().join(' ');
}

const CASES: readonly [string, [string, ...string[]][]][] = [
  ['1 2 3 4', []],
  ['1', [['src', '10.1.0.1']]],
  ['1 3 4', [['host', '10.1.0.1']]],
  ['1 3', [['host', '10.1.0.1', '10.2.0.2']]],
  ['1 2 3', [['net', '10.2.0.0/16,2001:db8:2::/48']]],
  ['2', [['src', '::/0']]],
  ['3 4', [['exporter', '192.0.2.2']]],
  ['1 3', [['port', '443']]],
  ['3', [['src-port', '100-500']]],
  ['4', [['src-port', 'none']]],
  ['1 2', [['dst-port', '53,443']]],
  ['2 4', [['protocol', 'udp,ICMP']]],
  ['4', [['protocol', '1']]],
  ['1', [['tcp-flags', 'S/SA']]],
  ['3', [['tcp-flags', 'sa']]],
  ['1 3', [['tcp-flags', '0/R']]],
  ['1', [['in-if', '1']]],
  ['1', [['in-if', 'Gi0/1']]],
  ['1 2', [['interface', 'uplink']]],
  ['2', [['as', '64500']]],
  ['1 3 4', [['src-as', '0']]],
  ['1', [['vlan', '1-100']]],
  ['3', [['sampling', '10']]],
  ['1 2 4', [['sampling', 'none']]],
  ['3', [['direction', 'out']]],
  ['1 2 4', [['direction', 'in']]],
  ['3 4', [['min-bytes', '2kB']]],
  ['1 3', [['min-packets', '2']]],
  ['3', [['min-duration', '90s']]],
  ['', [['min-duration', '91s']]],
  ['3', [['application', 'ssl']]],
  ['3', [['application', '13:453']]],
  ['4', [['extra', 'natEvent']]],
  ['4', [['extra', 'natEvent=1']]],
  ['', [['extra', 'natEvent=2']]],
  ['4', [['extra', 'note=it\'s; "x"']]],
  ['', [['extra', "x' OR '1'='1"]]],
  ['', [['application', "') OR true --"]]],
  [
    '1',
    [
      ['host', '10.0.0.0/8'],
      ['protocol', 'tcp'],
      ['tos', '1'],
    ],
  ],
];

for (const [expected, filters] of CASES) {
  const words = filters.map(([name, ...values]) => values.map((value) => `--${name} ${value}`).join(' ')).join(' ');
  test(`flows ${words} finds ${expected || 'nothing'}`, async () => {
    assert.equal(await found(...filters), expected);
  });
}

test('what is written wrong is named, with how to write it', async () => {
  const wrong: [string, string][] = [
    ['src', '10.0.0.256'],
    ['host', 'fe80::1%eth0'],
    ['net', '10.0.0.0/33'],
    ['port', '65536'],
    ['port', '90-80'],
    ['port', '1,,2'],
    ['protocol', 'toString'],
    ['tcp-flags', 'X/SA'],
    ['tcp-flags', 'S/A'],
    ['tcp-flags', 'S/SA/S'],
    ['direction', 'up'],
    ['min-bytes', 'many'],
    ['min-packets', '1.5'],
    ['min-duration', '1'],
    ['extra', '=1'],
  ];
  for (const [name, words] of wrong) {
    await assert.rejects(found([name, words]), (error: Error) => error.message.startsWith(`--${name}: "`), words);
  }
  assert.throws(() => flowColumns(['bytes', 'tos; DROP TABLE flows']), { code: 'USAGE' });
});

test('what comes first and how many can be chosen', async () => {
  const order = async (by: FlowSearch['order'], limit = 2) => {
    const rows = await within(() => all(searchFlows(client, search({ order: by, limit }))));
    return rows.flat().flat().join(' ');
  };
  assert.equal(await order('newest'), '4 3');
  assert.equal(await order('oldest', 3), '1 2 3');
  assert.equal(await order('bytes'), '4 3');
  assert.equal(await order('packets'), '3 1');
  assert.equal(await order('duration', 1), '3');
  assert.equal((await order('none', 4)).length, 7);
});

test('columns that are worked out: endpoints, durations, scaled bytes, names', async () => {
  const names = ['received_at', 'source', 'destination', 'duration', 'scaled_bytes', 'in_name', 'application'];
  const rows = await within(() => all(searchFlows(client, search({ columns: flowColumns(names) }))));
  const [first, second, third, fourth] = rows.flat();
  assert.deepEqual(first?.slice(0, 3), ['2026-03-01T12:01:00.000000Z', '10.1.0.1:50000', '10.2.0.2:443']);
  assert.equal(first?.[5], 'Gi0/1');
  assert.deepEqual(second?.slice(1, 3), ['[2001:db8:1::1]:50001', '[2001:db8:2::2]:53']);
  assert.deepEqual(third?.slice(3), ['90.500000', '900000', null, 'Ssl']);
  assert.equal(fourth?.[2], '10.1.0.1', 'ICMP has no ports');
});

test('JSON has all digits, and leaves out what the exporter did not say', async () => {
  const columns = flowColumns(['tos', 'bytes', 'packets', 'exporter', 'extra']);
  const filters: [string, ...string[]][] = [['tos', '4']];
  const lines = await within(() => all(searchFlowsAsJson(client, search({ columns }, ...filters))));
  assert.deepEqual(lines.flat(), [
    String.raw`{"tos":4,"bytes":9223372036854775807,"exporter":"192.0.2.2","extra":{"note":"it's; \"x\"","natEvent":1}}`,
  ]);
});

test('a large answer comes in parts of at most 2,000 rows', async () => {
  await coverTimes(client, 'flows', [Date.parse('2026-03-02T00:00:00Z') * 1000], 'hour');
  await client.query(
    `INSERT INTO flows (received_at, exporter, tos)
     SELECT timestamptz '2026-03-02T00:00:00Z' + i * interval '1 ms', '192.0.2.9', 0 FROM generate_series(0, 4999) AS i`,
  );
  const range = { from: new Date('2026-03-02T00:00:00Z'), to: new Date('2026-03-02T01:00:00Z') };
  const sizes = await within(async () => {
    const parts: number[] = [];
    for await (const rows of searchFlows(client, search({ range }))) parts.push(rows.length);
    return parts;
  });
  assert.deepEqual(sizes, [2000, 2000, 1000]);
});
