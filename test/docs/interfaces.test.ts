import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { readSnmpCredentials } from '../../src/config/snmp-credentials.ts';
import { POLL_PRIVACY_PROTOCOLS } from '../../src/polling/poll-credential.ts';
import { connect, type DatabaseClient } from '../../storage/database/database.ts';
import { insertRows } from '../support/flow-rows.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';

const PAGE = readFileSync(new URL('../../docs/interfaces.md', import.meta.url), 'utf8');

/** What the query below a heading must answer, worked out by hand from the rows below. */
const EXPECTED: Readonly<Record<string, readonly unknown[]>> = {
  'All interfaces of a device as they are now': [{ if_index: '7', name: 'Gi0/7', alias: 'to the pier', mbit_s: '1' }],
  'What has changed since yesterday': ['to the pier', 'to the lighthouse'],
  'Flows with the names of their day': [
    ['core-1', 'to the pier'],
    ['core-1', 'to the lighthouse'],
  ],
  // 2 × 3,750,000 bytes in 300 s are 200 kbit/s of 1 Mbit/s.
  'How full each interface was, in steps of five minutes': [20],
  'Devices that cannot be polled': ['192.0.2.9'],
  'Exporters that are not polled at all': [{ exporter: '192.0.2.8' }],
};

const SHOWN: Readonly<Record<string, (rows: Record<string, unknown>[]) => unknown[]>> = {
  'What has changed since yesterday': (rows) => rows.map(({ alias }) => alias),
  'Flows with the names of their day': (rows) => rows.map(({ sys_name: device, alias }) => [device, alias]),
  // The two flows may lie in two steps.
  'How full each interface was, in steps of five minutes': (rows) => [
    rows.reduce((sum, { percent_in: percent }) => sum + Number(percent), 0),
  ],
  'Devices that cannot be polled': (rows) => rows.map(({ device }) => device),
};

const QUERIES = [...PAGE.matchAll(/^### (.+)\n\n```sql\n([\s\S]*?)^```/gm)];
let client: DatabaseClient;

before(async () => {
  client = await connect((await startTestDatabase()).address);
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
  const device = '192.0.2.1';
  const flow = { exporter: device, in_if: 7, bytes: 3_750_000, packets: 1, sampling_rate: 1 };
  await insertRows(client, 'flows', [
    { ...flow, received_at: ago(20) },
    { ...flow, received_at: ago(80) },
  ]);
  await insertRows(client, 'device_names', [{ device, valid_from: ago(5000), valid_to: null, sys_name: 'core-1' }]);
  const port = { device, if_index: 7, name: 'Gi0/7', speed: 1_000_000 };
  await insertRows(client, 'interface_names', [
    { ...port, alias: 'to the lighthouse', valid_from: ago(5000), valid_to: ago(50) },
    { ...port, alias: 'to the pier', valid_from: ago(50), valid_to: null },
  ]);
  await insertRows(client, 'snmp_polls', [
    { device, attempted_at: ago(50), polled_at: ago(50) },
    { device: '192.0.2.9', attempted_at: ago(50), failures: 3, error: 'no answer' },
  ]);
  const counts = ['datagrams', 'records', 'lost', 'reordered', 'restarts', 'undecodable', 'held', 'held_expired'];
  const zeros = Object.fromEntries(counts.map((name) => [name, 0]));
  const seen = { observation_domain: 0, protocol: 'ipfix', first_seen: ago(90), last_seen: ago(9), ...zeros };
  await insertRows(client, 'exporters', [
    { ...seen, exporter: device },
    { ...seen, exporter: '192.0.2.8' },
  ]);
});

test('every query of docs/interfaces.md is expected something of', () => {
  assert.deepEqual(new Set(QUERIES.map(([, heading]) => heading)), new Set(Object.keys(EXPECTED)));
});

for (const [, heading = '', sql = ''] of QUERIES) {
  test(`docs/interfaces.md: ${heading}`, async () => {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    assert.deepEqual(SHOWN[heading]?.(rows) ?? rows, EXPECTED[heading]);
  });
}

test('the credentials file of docs/interfaces.md can be used, and all of its rules poll', async () => {
  const [, yaml = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(PAGE) ?? [];
  const file = join(await temporaryDirectory(), 'credentials.yaml');
  await writeFile(file, yaml, { mode: 0o600 });
  const { polling } = readSnmpCredentials(file);
  assert.deepEqual(
    polling.map(({ devices, credential: { version, port } }) => [devices.length, version, port]),
    [
      [2, '3', 161],
      [1, '2c', 161],
      [1, '1', 1161],
    ],
  );
});

test('docs/interfaces.md names the privacy protocols of polling', () => {
  const [, words = ''] = /`privacy`: (.*)\./.exec(PAGE.replaceAll('\n', ' ')) ?? [];
  for (const protocol of POLL_PRIVACY_PROTOCOLS) assert.ok(words.includes(protocol), protocol);
});
