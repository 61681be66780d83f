import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { connect, type DatabaseClient } from '../../storage/database/database.ts';
import { insertRows } from '../support/flow-rows.ts';
import { logRow } from '../support/log-rows.ts';
import { startTestDatabase } from '../support/postgres.ts';
import { trapRow } from '../support/trap-rows.ts';

/** The queries of the page, each by the heading above it. */
const QUERIES = readFileSync(new URL('../../docs/queries.md', import.meta.url), 'utf8')
  .split(/^### /m)
  .slice(1)
  .map((part) => ({
    heading: part.slice(0, part.indexOf('\n')),
    sql: [...part.matchAll(/^```sql\n(.*?)^```/gms)].map(([, sql = '']) => sql),
  }));

/** What the query below a heading must answer, worked out by hand from the rows below; others must answer something. */
const EXPECTED: Readonly<Record<string, (rows: Record<string, unknown>[]) => void>> = {
  // 6,000 bytes, sampled 1 in 100, and 1,000 back; an hour has 3,600 s.
  'Top talkers, sampling applied': (rows) => {
    const rate = String(Math.round((601_000 * 8) / 3600));
    const both = new Map(rows.slice(0, 2).map((row) => [row['host'], row['bits_per_second']]));
    assert.deepEqual(both, new Map(['192.0.2.10', '203.0.113.80'].map((host) => [host, rate])));
  },
  'One interface in steps of five minutes': (rows) => {
    const sum = (name: string) => rows.reduce((total, row) => total + Number(row[name]), 0);
    assert.deepEqual([sum('bits_in'), sum('bits_out')], [(600_000 * 8) / 300, Math.round((1000 * 8) / 300)]);
  },
  'Every interface, with its name': ([first]) => {
    assert.deepEqual([first?.['name'], first?.['bytes_in']], ['Gi0/1', '600000']);
  },
  'Rates from the counters that sFlow agents push': (rows) => {
    assert.deepEqual(
      rows.map((row) => row['bits_in']),
      ['800'],
    );
  },
  'Traffic by DSCP': ([first]) => assert.deepEqual(first, { dscp: 46, bytes: '600000' }),
  'Port scans: one source, many ports': (rows) => {
    assert.deepEqual(rows, [{ source: '203.0.113.66', targets: '25', hosts: '1' }]);
  },
  'Who was behind a public address: NAT': ([first]) => assert.equal(first?.['inside'], '192.0.2.20'),
  'What a firewall denied': ([first]) => {
    assert.deepEqual([first?.['source'], first?.['times'], first?.['reason']], ['192.0.2.30', '2', '1001']);
  },
  'Amplification: large answers of small services': ([first]) => {
    assert.deepEqual([first?.['victim'], first?.['reflectors']], ['192.0.2.40', '12']);
  },
  'The most frequent kinds of message': ([first]) => {
    assert.deepEqual([first?.['kind'], first?.['messages'], first?.['worst']], ['sshd', '4', 5]);
  },
  'Who says the most, and how much of it is severe': (rows) => {
    assert.deepEqual(rows, [{ device: '192.0.2.7', hostname: 'core-1', messages: '9', severe: '3' }]);
  },
  'Interfaces that go up and down': (rows) => {
    assert.deepEqual(rows, [{ device: '192.0.2.7', interface: 'Gi0/1', changes: '3' }]);
  },
  'Failed logins by source': (rows) => {
    assert.deepEqual(rows, [{ source: '203.0.113.9', attempts: '4', devices: '1' }]);
  },
  "What a key of a firewall's messages says": (rows) => {
    assert.deepEqual(rows, [{ source: '10.0.0.1', action: 'deny', messages: '1' }]);
  },
  'Messages that could not be read': ([first]) => assert.equal(first?.['reason'], 'no header'),
  'Devices whose clock is wrong, or that have fallen silent': (rows) => {
    assert.deepEqual(
      rows.map((row) => row['seconds_ahead']),
      ['-3600.0'],
    );
  },
  'Traps of the last hour, by device and name': (rows) => {
    assert.deepEqual(rows[0]?.['trap'], 'IF-MIB::linkDown');
    assert.deepEqual(
      rows.map((row) => row['traps']),
      ['2', '1'],
    );
  },
  // The other interface came up again.
  'Interfaces that went down and did not come back': (rows) => {
    assert.deepEqual(
      rows.map((row) => [row['device'], row['if_index']]),
      [['192.0.2.1', '3']],
    );
  },
  'Values of one object': ([first]) => {
    assert.deepEqual([first?.['object'], first?.['value']], ['IF-MIB::ifOperStatus.3', 'down(2)']);
  },
  'Devices whose traps are out of the ordinary, or cannot be decoded': (rows) => {
    assert.deepEqual(new Set(rows.map((row) => row['what'])), new Set(['boots-zero', 'truncated']));
  },
  // 30 flows missing beside 970 records.
  'Exporters that lose data': ([first]) => assert.equal(first?.['percent_lost'], '3.00'),
  'Exporters that have gone silent': (rows) => {
    assert.deepEqual(
      rows.map((row) => row['exporter']),
      ['198.51.100.9'],
    );
  },
};

let client: DatabaseClient;

before(async () => {
  const database = await startTestDatabase();
  client = await connect(database.address);
  const now = Date.now();
  const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
  const common = { exporter: '198.51.100.1', protocol: 6, tcp_flags: 27 };
  const web = { ...common, src_addr: '192.0.2.10', src_port: 50_000, dst_addr: '203.0.113.80', dst_port: 443 };
  const port4 = JSON.stringify([{ oid: '1.3.6.1.2.1.2.2.1.1.4', type: 'Integer', value: 4 }]);
  const linkUp = { trap_oid: '1.3.6.1.6.3.1.1.5.4', trap_name: 'IF-MIB::linkUp', varbinds: port4 };
  await insertRows(client, 'snmp_traps', [
    trapRow(ago(300)),
    trapRow(ago(200), { varbinds: port4 }),
    trapRow(ago(100), { ...linkUp, flags: '{boots-zero}' }),
    trapRow(ago(50), { pdu: 'u', trap_oid: null, trap_name: null, varbinds: null, reason: 'truncated' }),
  ]);
  await insertRows(client, 'flows', [
    {
      ...web,
      received_at: ago(60),
      flow_end: ago(61),
      bytes: 6000,
      packets: 10,
      sampling_rate: 100,
      sampling_source: 'o',
      in_if: 1,
      out_if: 2,
      dst_as: 64_500,
      tos: 46 << 2,
      application_id: '13:453',
      extra: '{"flowEndReason": 3}',
    },
    {
      ...common,
      received_at: ago(60),
      src_addr: '203.0.113.80',
      dst_addr: '192.0.2.10',
      bytes: 1000,
      in_if: 2,
      out_if: 1,
    },
    { ...common, received_at: ago(70), src_addr: '2001:db8::1', dst_addr: '2001:db8::2', bytes: 10 },
    {
      ...common,
      received_at: ago(80),
      src_addr: '192.0.2.20',
      src_port: 1234,
      dst_addr: '203.0.113.81',
      dst_port: 80,
      extra: '{"natEvent": 1, "postNATSourceIPv4Address": "203.0.113.5", "postNAPTSourceTransportPort": 40001}',
    },
    ...[1, 2].map(() => ({
      ...common,
      received_at: ago(90),
      src_addr: '192.0.2.30',
      dst_addr: '203.0.113.82',
      dst_port: 25,
      extra: '{"ciscoFirewallEvent": 3, "ciscoFirewallExtendedEvent": 1001}',
    })),
    ...Array.from({ length: 25 }, (_, port) => ({
      ...common,
      tcp_flags: 2,
      bytes: 40,
      received_at: ago(100),
      src_addr: '203.0.113.66',
      dst_addr: '192.0.2.50',
      dst_port: port + 1,
    })),
    ...Array.from({ length: 12 }, (_, reflector) => ({
      ...common,
      protocol: 17,
      bytes: 4000,
      received_at: ago(100),
      src_addr: `203.0.113.${100 + reflector}`,
      src_port: 53,
      dst_addr: '192.0.2.40',
      dst_port: 7777,
    })),
  ]);
  const cisco = { hostname: 'core-1', severity: 3, mnemonic: 'LINK-3-UPDOWN', message: 'Interface Gi0/1, down' };
  const login = { app_name: 'sshd', severity: 5, message: 'Failed password for root from 203.0.113.9 port 22' };
  await insertRows(
    client,
    'syslog_messages',
    [
      ...[1, 2, 3].map(() => cisco),
      ...[1, 2, 3, 4].map(() => login),
      { app_name: 'fw', severity: 6, fields: '{"srcip": "10.0.0.1", "action": "deny"}' },
      { reason: 'no header', format: 'r' },
    ].map((row) => logRow(ago(60), { device: '192.0.2.7', ...row })),
  );
  const counts = { messages: 9, unparsed: 1, cut: 0, dropped: 0 };
  const seen7 = { device: '192.0.2.7', first_seen: ago(600), last_seen: ago(60), hostname: 'core-1' };
  await insertRows(client, 'syslog_devices', [{ ...seen7, ...counts, clock_offset_ms: -3_600_000 }]);
  const port = { exporter: '198.51.100.1', if_index: 1 };
  // 1,000 octets in 10 s are 800 bit/s; then the agent restarts.
  await insertRows(client, 'counter_samples', [
    { ...port, received_at: ago(30), in_octets: 5000 },
    { ...port, received_at: ago(20), in_octets: 6000 },
    { ...port, received_at: ago(10), in_octets: 100 },
  ]);
  await insertRows(client, 'interfaces', [{ ...port, seen_at: ago(60), name: 'Gi0/1' }]);
  const application = { exporter: '198.51.100.1', application_id: '13:453', seen_at: ago(60), name: 'ssl' };
  await insertRows(client, 'applications', [application]);
  const nothing = { observation_domain: 0, reordered: 0, restarts: 0, undecodable: 0, held: 0, held_expired: 0 };
  const seen = { ...nothing, first_seen: ago(86_400), datagrams: 50, records: 970 };
  await insertRows(client, 'exporters', [
    { ...seen, exporter: '198.51.100.1', protocol: 'netflow5', last_seen: ago(1), lost: 30 },
    { ...seen, exporter: '198.51.100.9', protocol: 'ipfix', last_seen: ago(3600), lost: 0 },
  ]);
});

test('there are queries, one below each heading', () => {
  assert.ok(QUERIES.length >= 15);
  for (const { heading, sql } of QUERIES) assert.equal(sql.length, 1, heading);
  const headings = QUERIES.map(({ heading }) => heading);
  for (const heading of Object.keys(EXPECTED)) assert.ok(headings.includes(heading), heading);
});

for (const { heading, sql } of QUERIES) {
  test(`the query "${heading}" answers`, async () => {
    const { rows } = await client.query<Record<string, unknown>>(sql[0] ?? '');
    assert.ok(rows.length > 0);
    EXPECTED[heading]?.(rows);
  });
}
