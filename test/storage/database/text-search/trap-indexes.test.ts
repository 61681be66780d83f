import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { selectRecords } from '../../../../src/query/records/search-records.ts';
import { NO_NAMES, trapFilterFields } from '../../../../src/query/traps/trap-filter.ts';
import { connect, type DatabaseClient } from '../../../../storage/database/database.ts';
import { buildIndex, findTrigrams, searchPartitions } from '../../../../storage/database/text-search/build-index.ts';
import { planIndexes } from '../../../../storage/database/text-search/search-indexes.ts';
import { insertRows } from '../../../support/flow-rows.ts';
import { startTestDatabase } from '../../../support/postgres.ts';
import { trapRow } from '../../../support/trap-rows.ts';

const RANGE = { from: new Date('2026-03-01T12:00:00Z'), to: new Date('2026-03-01T13:00:00Z') };

/** Enough traps that reading all of them is dearer than an index; none of what is asked for. */
const FILL = `INSERT INTO snmp_traps (received_at, device, version, pdu, trap_oid, trap_name, varbinds)
  SELECT '2026-03-01T12:02:00Z'::timestamptz + number * interval '1 ms', '198.18.0.0'::inet + number % 5000, 2, 't',
    '1.3.6.1.4.1.99999.0.' || number % 300, NULL,
    jsonb_build_array(jsonb_build_object('oid', '1.3.6.1.4.1.99999.1.' || number, 'type', 'OctetString', 'value', md5(number::text)))
  FROM generate_series(1, 20000) AS number`;

let client: DatabaseClient;

/** A partition of traps with every index that it is to have. */
before(async () => {
  const { address } = await startTestDatabase();
  client = await connect(address);
  await insertRows(client, 'snmp_traps', [trapRow('2026-03-01T12:01:00Z')]);
  await client.query(FILL);
  const trigrams = await findTrigrams(client, true);
  const plan = planIndexes(await searchPartitions(client, 'snmp_traps'), { trigrams, maxTrigramBytes: 2 ** 30 });
  assert.deepEqual(plan.unindexed, []);
  for (const task of plan.tasks) assert.ok(await buildIndex(client, task), task.index);
  await client.query('ANALYZE snmp_traps');
});

async function planOf(filters: Readonly<Record<string, string>>): Promise<string> {
  const table = { name: 'snmp_traps', fields: trapFilterFields(NO_NAMES), flags: [] };
  const asked = new Map(Object.entries(filters).map(([name, words]) => [name, [words]]));
  const { text, values } = selectRecords({ table, filters: asked, order: 'newest' }, RANGE, 100, 'received_at');
  const { rows } = await client.query<Record<string, string>>({ text: `EXPLAIN ${text}`, values });
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

const SERVED: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['device', { device: '192.0.2.1' }],
  ['device', { device: '192.0.2.0/24' }],
  ['agent', { agent: '198.51.100.7' }],
  ['trap', { trap: '1.3.6.1.6.3.1.1.5.3' }],
  ['user', { user: 'ops-*' }],
  ['flags', { flag: 'boots-zero' }],
  ['undecoded', { reason: 'truncated' }],
  ['text', { match: 'GigabitEthernet' }],
  ['text', { varbind: 'ifDescr=Gi1/0/3' }],
];

for (const [index, filters] of SERVED) {
  test(`a search for ${Object.entries(filters).flat().join(' ')} uses the index of ${index}`, async () => {
    assert.match(await planOf(filters), new RegExp(`Index Scan (?:Backward )?(?:using|on) \\w+_${index}\\b`));
  });
}
