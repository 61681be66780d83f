import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { searchRecords } from '../../src/query/records/search-records.ts';
import { trapColumns } from '../../src/query/traps/trap-columns.ts';
import { type OidsByName, trapFilterFields } from '../../src/query/traps/trap-filter.ts';
import { connect, type DatabaseClient } from '../../storage/database/database.ts';
import { insertRows } from '../support/flow-rows.ts';
import { startTestDatabase } from '../support/postgres.ts';
import { trapRow } from '../support/trap-rows.ts';

const RANGE = { from: new Date('2026-03-01T10:00:00Z'), to: new Date('2026-03-01T13:00:00Z') };

let client: DatabaseClient;

/** `request_id` is the number of the row, which the tests know it by. */
before(async () => {
  const { address } = await startTestDatabase();
  client = await connect(address);
  const at = (minute: number) => `2026-03-01T12:0${minute}:00Z`;
  const varbinds = (...all: readonly object[]) => JSON.stringify(all);
  await insertRows(client, 'snmp_traps', [
    trapRow(at(1), { request_id: 1 }),
    trapRow(at(2), {
      request_id: 2,
      trap_oid: '1.3.6.1.6.3.1.1.5.4',
      trap_name: 'IF-MIB::linkUp',
      varbinds: varbinds({ oid: '1.3.6.1.2.1.2.2.1.8.30', name: 'IF-MIB::ifOperStatus.30', type: 'Integer', value: 1 }),
      device: '2001:db8::7',
    }),
    trapRow(at(3), {
      request_id: 3,
      trap_oid: '1.3.6.1.4.1.99999.0.1',
      trap_name: null,
      agent_address: '198.51.100.7',
      version: 1,
      security_name: 'lab',
      varbinds: varbinds({ oid: '1.3.6.1.4.1.99999.1.1.0', type: 'OctetString', value: '100% of "C:\\temp"' }),
    }),
    trapRow(at(4), {
      request_id: 4,
      pdu: 'i',
      version: 3,
      security_level: 'p',
      security_name: 'Ops-1',
      flags: '{boots-zero,no-uptime}',
      trap_oid: '1.3.6.1.4.1.999990.0.1',
      trap_name: null,
      varbinds: '[]',
    }),
    trapRow(at(5), {
      request_id: 5,
      pdu: 'u',
      trap_oid: null,
      trap_name: null,
      varbinds: null,
      reason: 'truncated',
      raw: '\\x30',
    }),
  ]);
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
});

const NAMES: OidsByName = {
  notifications: (name) => (name === 'pierShut' ? ['1.3.6.1.4.1.99999.0.1'] : []),
  objects: (name) => (name === 'pierName' ? ['1.3.6.1.4.1.99999.1.1'] : []),
};

async function found(filters: Readonly<Record<string, string>>): Promise<string> {
  const search = {
    table: { name: 'snmp_traps', fields: trapFilterFields(NAMES), flags: [] },
    range: RANGE,
    filters: new Map(Object.entries(filters).map(([name, words]) => [name, [words]])),
    columns: trapColumns(['request_id']),
    order: 'oldest' as const,
    limit: Infinity,
  };
  const numbers: string[] = [];
  for await (const rows of searchRecords(client, search)) numbers.push(...rows.map(([id]) => id ?? '-'));
  return numbers.join(' ');
}

test('by trap: names of arrival and of today, in any case, and OIDs with all below them but not beside', async () => {
  assert.equal(await found({ trap: 'linkdown' }), '1');
  assert.equal(await found({ trap: 'link*' }), '1 2');
  assert.equal(await found({ trap: 'IF-MIB::linkUp,pierShut' }), '2 3');
  assert.equal(await found({ trap: '.1.3.6.1.4.1.99999' }), '3');
  assert.equal(await found({ trap: '1.3.6.1.6.3.1.1.5.3' }), '1');
  assert.equal(await found({ trap: 'link' }), '');
});

test('by sender, agent, version, user, level, kind of PDU, flags and reason', async () => {
  assert.equal(await found({ device: '192.0.2.0/24,2001:db8::7' }), '1 2 3 4 5');
  assert.equal(await found({ device: '2001:db8::/32' }), '2');
  assert.equal(await found({ agent: '198.51.100.7' }), '3');
  assert.equal(await found({ version: '1,3' }), '3 4');
  assert.equal(await found({ user: 'ops-*' }), '4');
  assert.equal(await found({ user: 'lab' }), '3');
  assert.equal(await found({ level: 'authPriv' }), '4');
  assert.equal(await found({ pdu: 'inform,undecodable' }), '4 5');
  assert.equal(await found({ flag: 'no-uptime' }), '4');
  assert.equal(await found({ reason: 'TRUNC' }), '5');
});

test('by object and its value: number, text, word of an enumeration, with * for anything', async () => {
  assert.equal(await found({ varbind: 'ifOperStatus' }), '1 2');
  assert.equal(await found({ varbind: 'ifOperStatus.3' }), '1');
  assert.equal(await found({ varbind: 'IF-MIB::ifOper*' }), '1 2');
  assert.equal(await found({ varbind: 'ifOperStatus=down' }), '1');
  assert.equal(await found({ varbind: 'ifOperStatus=2' }), '1');
  assert.equal(await found({ varbind: 'ifOperStatus=down(2)' }), '1');
  assert.equal(await found({ varbind: 'ifOperStatus=3' }), '');
  assert.equal(await found({ varbind: 'ifDescr=gi1/0/*' }), '1');
  assert.equal(await found({ varbind: 'ifDescr=Gi1/0/3 "up"' }), '1');
  assert.equal(await found({ varbind: '1.3.6.1.2.1.2.2.1.8=1' }), '2');
  assert.equal(await found({ varbind: 'pierName=100% of "C:\\temp"' }), '3');
  assert.equal(await found({ varbind: 'pierName=100_ of*' }), '');
});

test('by any text in names and values, as it is', async () => {
  assert.equal(await found({ match: 'gi1/0/3' }), '1');
  assert.equal(await found({ match: 'LINKUP' }), '2');
  assert.equal(await found({ match: '100%' }), '3');
  assert.equal(await found({ match: '"C:\\temp"' }), '3');
  assert.equal(await found({ match: '1_0' }), '');
});

test('several questions must all hold', async () => {
  assert.equal(await found({ trap: 'link*', varbind: 'ifOperStatus=down', device: '192.0.2.1' }), '1');
});
