import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import type { PollCredential } from '../../src/polling/poll-credential.ts';
import { pollDevice } from '../../src/polling/poll-device.ts';
import { Poller } from '../../src/polling/poller.ts';
import { openAgent } from '../../src/polling/snmp-agent.ts';
import { connect, type DatabaseClient } from '../../storage/database/database.ts';
import { HandClock, LogLines } from '../support/hand-clock.ts';
import { findCommand, skipWithout } from '../support/packages.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { type Snmpd, snmpdIn } from '../support/snmpd.ts';

const AUTH = 'an auth pass phrase';
const PRIVACY = 'a privacy pass phrase';
const DEVICE = '127.0.0.1';
const skip = skipWithout('snmpd', 'snmpget');

const IF_NAME = '1.3.6.1.2.1.31.1.1.1.1';
const IF_HIGH_SPEED = '1.3.6.1.2.1.31.1.1.1.15';
const IF_ALIAS = '1.3.6.1.2.1.31.1.1.1.18';

const BASE = [
  'rocommunity harbour 127.0.0.0/8',
  `createUser reader SHA-256 "${AUTH}" AES "${PRIVACY}"`,
  `createUser signer SHA "${AUTH}"`,
  'rouser reader priv',
  'rouser signer auth',
];

let snmpd: Snmpd;

before(async () => {
  if (skip !== false) return;
  snmpd = await snmpdIn(await temporaryDirectory());
});

after(() => snmpd?.stop());

test('an agent is asked in every version, and says the same in all', { skip }, async () => {
  await snmpd.run([...BASE, 'sysName core-1', `override ${IF_ALIAS}.1 octet_str "to the lighthouse"`]);
  const auth = { protocol: 'SHA-256', password: AUTH } as const;
  const credentials: PollCredential[] = [
    { port: snmpd.port, version: '1', community: 'harbour' },
    { port: snmpd.port, version: '2c', community: 'harbour' },
    { port: snmpd.port, version: '3', user: 'signer', auth: { protocol: 'SHA', password: AUTH } },
    { port: snmpd.port, version: '3', user: 'reader', auth, privacy: { protocol: 'AES', password: PRIVACY } },
  ];
  for (const credential of credentials) {
    const { sysName, sysObjectId, interfaces } = await asked(credential);
    assert.deepEqual([sysName, sysObjectId], ['core-1', '1.3.6.1.4.1.8072.3.2.10'], credential.version);
    const loopback = interfaces.find(({ ifIndex }) => ifIndex === 1);
    // 10 Mbit/s is what net-snmp says of it.
    const expected = { ifIndex: 1, name: 'lo', alias: 'to the lighthouse', description: 'lo', speed: 10_000_000 };
    assert.deepEqual(loopback, expected);
    assert.equal(interfaces.length, bulkWalkLength());
  }
});

test('an agent that refuses is told of in words, without the secret', { skip }, async () => {
  await snmpd.run(BASE);
  const reader = { port: snmpd.port, version: '3', user: 'reader' } as const;
  const auth = { protocol: 'SHA-256', password: AUTH } as const;
  const refusals: [PollCredential, RegExp][] = [
    [{ port: snmpd.port, version: '2c', community: 'secret-one' }, /^no answer$/],
    [{ ...reader, user: 'stranger' }, /Unknown User Name/],
    [
      { ...reader, auth: { protocol: 'SHA-256', password: 'another pass phrase' } },
      /wrong protocol or password|Wrong Digests/,
    ],
    [{ ...reader, auth }, /AuthorizationError/],
  ];
  for (const [credential, words] of refusals) {
    await assert.rejects(asked(credential), (error: Error) => {
      assert.match(error.message, words);
      assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /secret-one|pass phrase/);
      return true;
    });
  }
});

test('names keep the time for which they held', { skip }, async (context) => {
  const harness = await pollerOn(snmpd);
  context.after(() => harness.poller.stop());
  const { clock, client } = harness;
  const first = ['sysName core-1', ...port(4242, 'Gi0/1', 'to the lighthouse'), ...port(4243, 'Gi0/2', 'to the pier')];
  await snmpd.run([...BASE, ...first]);
  await harness.start();
  const [began] = await times(client);

  // The same again: nothing is written.
  await harness.pollAfter(3_600_000);
  assert.deepEqual(await times(client), [began]);

  // Another alias, another sysName, and one interface less.
  await snmpd.run([...BASE, 'sysName core-2', ...port(4242, 'Gi0/1', 'to the harbour')]);
  await harness.pollAfter(3_600_000);
  const changed = new Date(clock.nowMicros() / 1000).toISOString();
  const names = await client.query<Record<string, unknown>>(
    `SELECT if_index::int, name, alias, speed::float8, valid_to FROM interface_names
     WHERE if_index > 4000 ORDER BY if_index, valid_from`,
  );
  const rows = names.rows.map((row) => [
    row['if_index'],
    row['name'],
    row['alias'],
    row['speed'],
    iso(row['valid_to']),
  ]);
  assert.deepEqual(rows, [
    [4242, 'Gi0/1', 'to the lighthouse', 1e9, changed],
    [4242, 'Gi0/1', 'to the harbour', 1e9, null],
    [4243, 'Gi0/2', 'to the pier', 1e9, changed],
  ]);
  const devices = await client.query<Record<string, unknown>>(
    'SELECT sys_name, valid_to FROM device_names ORDER BY valid_from',
  );
  assert.deepEqual(
    devices.rows.map((row) => [row['sys_name'], iso(row['valid_to'])]),
    [
      ['core-1', changed],
      ['core-2', null],
    ],
  );
  const untouched = await client.query('SELECT FROM interface_names WHERE if_index = 1');
  assert.equal(untouched.rowCount, 1, 'the loopback interface has not changed');
});

test('a device that is away is asked less and less, and comes back', { skip }, async (context) => {
  const harness = await pollerOn(snmpd);
  context.after(() => harness.poller.stop());
  await snmpd.stop();
  await harness.start();
  const state = async () => {
    const { rows } = await harness.client.query('SELECT failures::int, error, interfaces FROM snmp_polls');
    return rows;
  };
  assert.deepEqual(await state(), [{ failures: 1, error: 'no answer', interfaces: 0 }]);
  await harness.pollAfter(60_000);
  assert.deepEqual(await state(), [{ failures: 2, error: 'no answer', interfaces: 0 }]);
  await snmpd.run(BASE);
  await harness.pollAfter(120_000);
  assert.deepEqual(await state(), [{ failures: 0, error: null, interfaces: bulkWalkLength() }]);
});

function asked(credential: PollCredential) {
  const agent = openAgent(DEVICE, credential, { timeoutMs: 500, retries: 1 });
  return pollDevice(agent).finally(() => agent.close());
}

/** How many interfaces net-snmp's own tool sees. */
function bulkWalkLength(): number {
  const walk = ['-On', '-v2c', '-c', 'harbour', `${DEVICE}:${snmpd.port}`, IF_NAME];
  const { stdout } = spawnSync(findCommand('snmpbulkwalk') ?? '', walk, { encoding: 'utf8' });
  return stdout.trim().split('\n').length;
}

function port(ifIndex: number, name: string, alias: string): string[] {
  return [
    `override ${IF_NAME}.${ifIndex} octet_str "${name}"`,
    `override ${IF_HIGH_SPEED}.${ifIndex} uinteger 1000`,
    `override ${IF_ALIAS}.${ifIndex} octet_str "${alias}"`,
  ];
}

async function times(client: DatabaseClient): Promise<unknown[]> {
  const { rows } = await client.query(
    `SELECT DISTINCT valid_from, valid_to FROM (SELECT valid_from, valid_to FROM interface_names
     UNION ALL SELECT valid_from, valid_to FROM device_names) AS names`,
  );
  return rows;
}

function iso(value: unknown): string | null {
  return value instanceof Date ? value.toISOString() : null;
}

/** A poller of that agent alone, whose clock is moved by hand. */
async function pollerOn(agent: Snmpd) {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  const clock = new HandClock();
  const rules = [{ devices: [DEVICE], credential: { port: agent.port, version: '2c', community: 'harbour' } as const }];
  const options = { intervalMs: 3_600_000, soonestMs: 300_000, concurrency: 2, timeoutMs: 300, retries: 1 };
  const poller = new Poller(database.address, rules, options, clock, new LogLines().log);
  // The counts are raised before the row is written; a round ends with a timer for the next.
  const polled = (count: number) =>
    eventually(`poll ${count} is recorded`, () => poller.totals.polls >= count && clock.waiting > 0);
  const pollAfter = async (ms: number) => {
    const next = poller.totals.polls + 1;
    clock.advance(ms - 30_000);
    await eventually('the round before it ends', () => clock.waiting > 0);
    clock.advance(30_000);
    await polled(next);
  };
  const start = async () => {
    await poller.start();
    clock.advance(0);
    await polled(1);
  };
  return { poller, client, clock, start, pollAfter };
}
