import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AUTH_PROTOCOLS, PRIVACY_PROTOCOLS } from '../../collectors/snmp/usm/crypto/protocols.ts';
import { connect, type DatabaseClient, disconnect } from '../../storage/database/database.ts';
import { skipWithout } from '../support/packages.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { type NotificationTool, SnmpCollector } from '../support/snmp-collector.ts';

// Everything that net-snmp's own tools can send, through the whole collector, to rows of which every column is looked at.

const LINK_DOWN = '1.3.6.1.6.3.1.1.5.3';
const STATUS = '1.3.6.1.2.1.2.2.1.8.3'; // ifOperStatus.3
const NET_SNMP_TRAPS = '1.3.6.1.4.1.8072.4';
const SENDER_ENGINE = '80001f88040a0b0c0d0e0f';
const CONTEXT_ENGINE = '80001f8804c0ffee';
const AUTH_PASSWORD = 'an auth pass phrase';
const PRIVACY_PASSWORD = 'a privacy pass phrase';
const LEVELS = { noAuthNoPriv: 'n', authNoPriv: 'a', authPriv: 'p' } as const;
const SKIP = skipWithout('snmptrap', 'snmpinform');

interface User {
  readonly name: string;
  readonly auth?: string;
  readonly privacy?: string;
  readonly level: keyof typeof LEVELS;
}

const users: readonly User[] = [
  { name: 'nobody', level: 'noAuthNoPriv' },
  ...AUTH_PROTOCOLS.flatMap((auth): User[] => [
    { name: auth, auth, level: 'authNoPriv' },
    ...PRIVACY_PROTOCOLS.map((privacy): User => ({ name: `${auth} ${privacy}`, auth, privacy, level: 'authPriv' })),
  ]),
];

let collector: SnmpCollector;
let client: DatabaseClient;
let requests = 0;

before(async () => {
  if (SKIP !== false) return;
  const database = await startTestDatabase();
  client = await connect(database.address);
  collector = await SnmpCollector.start({
    folder: await temporaryDirectory(),
    databaseUrl: database.connectionString,
    settings: { batch: { age: '10ms' } },
    credentials: {
      communities: { core: 'a community' },
      users: users.map(({ name, auth, privacy }) => ({
        name,
        ...(auth === undefined ? {} : { auth: { protocol: auth, password: AUTH_PASSWORD } }),
        ...(privacy === undefined ? {} : { privacy: { protocol: privacy, password: PRIVACY_PASSWORD } }),
      })),
    },
  });
});

after(async () => {
  if (SKIP !== false) return;
  await collector.process.stop();
  await disconnect(client);
});

/** What every notification of these tests becomes, where its version says nothing else. */
const COMMON = {
  pdu: 't',
  device: '127.0.0.1',
  agent_address: null,
  generic_trap: null,
  specific_trap: null,
  enterprise: null,
  security_name: 'core',
  security_level: null,
  engine_id: null,
  context_engine_id: null,
  context_name: null,
  trap_oid: LINK_DOWN,
  trap_name: 'IF-MIB::linkDown',
  flags: null,
  reason: null,
  raw: null,
};

test('a trap of v1 is mapped to the form of v2, and what v1 alone has is kept', { skip: SKIP }, async () => {
  const row = await rowOf('snmptrap', ['-v', '1', '-c', 'a community'], {
    content: (uptime) => [NET_SNMP_TRAPS, '198.51.100.7', '6', '2', String(uptime)],
  });
  // RFC 3584 section 3.1 (3): enterprise, a zero, the specific trap.
  assert.deepEqual(row, {
    ...COMMON,
    version: 1,
    agent_address: '198.51.100.7',
    generic_trap: 6,
    specific_trap: '2',
    enterprise: NET_SNMP_TRAPS,
    trap_oid: `${NET_SNMP_TRAPS}.0.2`,
    trap_name: 'NET-SNMP-AGENT-MIB::nsNotifyShutdown',
    request_id: null,
    engine_boots: null,
    engine_time: null,
    inform_key: null,
  });
});

test('a generic trap of v1 becomes that of SNMPv2-MIB or IF-MIB', { skip: SKIP }, async () => {
  const row = await rowOf('snmptrap', ['-v', '1', '-c', 'a community'], {
    content: (uptime) => ['1.3.6.1.4.1.8072.3.2.10', '198.51.100.7', '2', '0', String(uptime)],
  });
  assert.deepEqual(
    [row['generic_trap'], row['specific_trap'], row['trap_oid'], row['trap_name'], row['enterprise']],
    [2, '0', LINK_DOWN, 'IF-MIB::linkDown', '1.3.6.1.4.1.8072.3.2.10'],
  );
});

for (const tool of ['snmptrap', 'snmpinform'] as const) {
  test(`${tool} of v2c becomes a row`, { skip: SKIP }, async () => {
    const { request_id, inform_key, ...row } = await rowOf(tool, ['-v', '2c', '-c', 'a community']);
    const pdu = pduOf(tool);
    assert.deepEqual(row, { ...COMMON, version: 2, pdu, engine_boots: null, engine_time: null });
    assert.match(String(request_id), /^\d+$/);
    assert.equal(inform_key !== null, pdu === 'i');
  });

  for (const auth of [undefined, ...AUTH_PROTOCOLS]) {
    const name = `${tool} of v3 with ${auth ?? 'no authentication'} and every privacy becomes rows`;
    test(name, { skip: SKIP }, async () => {
      for (const user of users.filter((each) => each.auth === auth)) await assertV3Row(tool, user);
    });
  }
}

test('all of that was taken without a word of trouble', { skip: SKIP }, async () => {
  const { undecodable, refused, notNotifications, informs, acknowledged } = await collector.status();
  // Each run of snmpinform asks who we are.
  const others = Object.keys(refused).filter((reason) => reason !== 'discovery' && refused[reason] !== 0);
  assert.deepEqual([undecodable, notNotifications, others], [0, 0, []]);
  assert.ok(acknowledged >= informs);
});

async function assertV3Row(tool: NotificationTool, user: User): Promise<void> {
  // An inform is judged by our engine, which the tool asks for; a trap by its own.
  const engine = tool === 'snmptrap' ? ['-e', SENDER_ENGINE, '-Z', '5,77'] : [];
  const context = ['-E', CONTEXT_ENGINE, '-n', 'vrf-blue'];
  const options = ['-v', '3', '-u', user.name, '-l', user.level, ...engine, ...context];
  if (user.auth !== undefined) options.push('-a', user.auth, '-A', AUTH_PASSWORD);
  if (user.privacy !== undefined) options.push('-x', user.privacy, '-X', PRIVACY_PASSWORD);
  const { request_id, inform_key, engine_time, engine_boots, ...row } = await rowOf(tool, options);
  const pdu = pduOf(tool);
  const { engineId, engineBoots } = await collector.status();
  assert.deepEqual(row, {
    ...COMMON,
    version: 3,
    pdu,
    security_name: user.name,
    security_level: LEVELS[user.level],
    engine_id: pdu === 't' ? SENDER_ENGINE : engineId,
    context_engine_id: CONTEXT_ENGINE,
    context_name: 'vrf-blue',
  });
  assert.match(String(request_id), /^\d+$/);
  assert.equal(engine_boots, pdu === 't' ? '5' : String(engineBoots));
  if (pdu === 't') assert.equal(engine_time, '77');
  assert.equal(inform_key !== null, pdu === 'i');
}

function pduOf(tool: NotificationTool): string {
  return tool === 'snmptrap' ? 't' : 'i';
}

/** Sends one notification, by its uptime known from all others, and gives its row without what is checked here. */
async function rowOf(
  tool: NotificationTool,
  options: readonly string[],
  { content = (uptime: number) => [String(uptime), LINK_DOWN] } = {},
): Promise<Record<string, unknown>> {
  requests += 1;
  const uptime = 1000 + requests;
  const sentAt = Date.now();
  const { code, output } = await collector.run(tool, {
    options: ['-r', '0', '-t', '5', ...options],
    content: [...content(uptime), STATUS, 'i', '2'],
  });
  assert.equal(code, 0, `${options.join(' ')}: ${output}`);
  const { received_at, uptime: stored, varbinds, ...row } = await onlyRow(uptime, options);
  assert.ok(received_at instanceof Date && received_at.getTime() >= sentAt - 1 && received_at.getTime() <= Date.now());
  assert.equal(stored, String(uptime));
  assert.deepEqual(varbinds, [
    { oid: STATUS, name: 'IF-MIB::ifOperStatus.3', type: 'Integer', value: 2, text: 'down(2)' },
  ]);
  return row;
}

async function onlyRow(uptime: number, options: readonly string[]): Promise<Record<string, unknown>> {
  let found: Record<string, unknown>[] = [];
  await eventually(`a row of ${options.join(' ')} is there`, async () => {
    ({ rows: found } = await client.query('SELECT * FROM snmp_traps WHERE uptime = $1', [uptime]));
    return found.length > 0;
  });
  const [row, ...others] = found;
  assert.ok(row !== undefined && others.length === 0);
  return row;
}
