import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { flowColumns } from '../../src/query/flows/flow-columns.ts';
import { searchFlows } from '../../src/query/flows/search-flows.ts';
import { connect, type DatabaseClient } from '../../storage/database/database.ts';
import { insertRows } from '../support/flow-rows.ts';
import { startTestDatabase } from '../support/postgres.ts';

const EXPORTER = '192.0.2.1';
const RANGE = { from: new Date('2026-03-01T12:00:00Z'), to: new Date('2026-03-01T13:00:00Z') };
const at = (minute: number) => `2026-03-01T12:${String(minute).padStart(2, '0')}:00Z`;

let client: DatabaseClient;

// ifIndex 1 and 2 change places at 12:30, as they may when a device starts again; 3 is told by the exporter alone.
before(async () => {
  client = await connect((await startTestDatabase()).address);
  const flow = (minute: number, in_if: number, out_if: number, exporter = EXPORTER) => ({
    received_at: at(minute),
    tos: minute,
    in_if,
    out_if,
    exporter,
  });
  await insertRows(client, 'flows', [
    flow(10, 1, 3),
    flow(11, 2, 3),
    flow(30, 1, 3),
    flow(31, 2, 0),
    flow(32, 3, 1),
    flow(33, 1, 0, '192.0.2.2'),
  ]);
  await insertRows(client, 'interfaces', [
    { seen_at: at(0), exporter: EXPORTER, if_index: 1, name: 'told' },
    { seen_at: at(0), exporter: EXPORTER, if_index: 3, name: 'Gi0/3' },
  ]);
  const one = { device: EXPORTER, name: 'Gi0/1', alias: 'to the lighthouse', description: 'GigabitEthernet0/1' };
  const other = { device: EXPORTER, name: 'Gi0/2', alias: 'to the pier', description: 'GigabitEthernet0/2' };
  await insertRows(client, 'interface_names', [
    { ...one, if_index: 1, valid_from: at(0), valid_to: at(30) },
    { ...other, if_index: 2, valid_from: at(0), valid_to: at(30) },
    { ...other, if_index: 1, valid_from: at(30), valid_to: null },
    { ...one, if_index: 2, valid_from: at(30), valid_to: null },
  ]);
});

async function found(columns: readonly string[], ...filters: [string, string][]): Promise<unknown[][]> {
  const asked = new Map(filters.map(([name, words]) => [name, [words]]));
  const search = {
    range: RANGE,
    filters: asked,
    columns: flowColumns(columns),
    order: 'oldest',
    limit: Infinity,
  } as const;
  await client.query('BEGIN');
  const rows: unknown[][] = [];
  for await (const part of searchFlows(client, search)) rows.push(...part);
  await client.query('ROLLBACK');
  return rows;
}

const CASES: readonly [string, string, string][] = [
  ['in-if', 'Gi0/1', '10 31'],
  ['in-if', 'to the pier', '11 30'],
  ['in-if', 'GigabitEthernet0/2', '11 30'],
  ['out-if', 'Gi0/2', '32'],
  ['interface', 'Gi0/2', '11 30 32'],
  ['interface', 'Gi0/1,Gi0/3', '10 11 30 31 32'],
  ['interface', 'told', '10 30 32'],
  ['interface', 'Gi0/2,2', '11 30 31 32'],
  ['interface', 'nowhere', ''],
];

for (const [option, words, expected] of CASES) {
  test(`--${option} "${words}" finds the interfaces that were called so at the time of the flow`, async () => {
    assert.equal((await found(['tos'], [option, words])).join(' '), expected);
  });
}

test('flows show the names of their day, and those that the exporter told where nobody polled', async () => {
  assert.deepEqual(await found(['tos', 'in_name', 'out_name']), [
    ['10', 'Gi0/1', 'Gi0/3'],
    ['11', 'Gi0/2', 'Gi0/3'],
    ['30', 'Gi0/2', 'Gi0/3'],
    ['31', 'Gi0/1', null],
    ['32', 'Gi0/3', 'Gi0/2'],
    ['33', null, null],
  ]);
});
