import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { connect, type DatabaseClient } from '../../../storage/database/database.ts';
import { type InterfaceFacts, recordPoll } from '../../../storage/database/polled-names.ts';
import { startTestDatabase } from '../../support/postgres.ts';

let client: DatabaseClient;
let devices = 0;

before(async () => {
  client = await connect((await startTestDatabase()).address);
});

/** A device of a test's own: polls at minutes of an hour, and what is known afterwards. */
function device() {
  devices += 1;
  const address = `192.0.2.${devices}`;
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute));
  const poll = (minute: number, names: Readonly<Record<number, string>>, sysName = 'core') => {
    const interfaces = Object.entries(names).map(([ifIndex, name]): InterfaceFacts => ({
      ifIndex: Number(ifIndex),
      name,
      alias: null,
      description: null,
      speed: null,
    }));
    return recordPoll(client, address, at(minute), { sysName, sysObjectId: null, sysDescr: null, interfaces });
  };
  const minutes = (column: string) => `extract(minute FROM ${column})::int`;
  const known = async () => {
    const { rows } = await client.query<Record<string, unknown>>(
      `SELECT if_index::int AS i, name, ${minutes('valid_from')} AS a, ${minutes('valid_to')} AS b
       FROM interface_names WHERE device = $1 ORDER BY if_index, valid_from`,
      [address],
    );
    return rows.map(({ i, name, a, b }) => [i, name, a, b]);
  };
  const names = async () => {
    const { rows } = await client.query<Record<string, unknown>>(
      `SELECT sys_name AS name, ${minutes('valid_from')} AS a, ${minutes('valid_to')} AS b
       FROM device_names WHERE device = $1 ORDER BY valid_from`,
      [address],
    );
    return rows.map(({ name, a, b }) => [name, a, b]);
  };
  return { poll, known, names };
}

test('what stays the same is one interval; what changes ends, and begins anew', async () => {
  const { poll, known, names } = device();
  await poll(1, { 1: 'Gi0/1', 2: 'Gi0/2' });
  await poll(2, { 1: 'Gi0/1', 2: 'Gi0/2' });
  await poll(3, { 1: 'Te0/1', 2: 'Gi0/2' }, 'edge');
  assert.deepEqual(await known(), [
    [1, 'Gi0/1', 1, 3],
    [1, 'Te0/1', 3, null],
    [2, 'Gi0/2', 1, null],
  ]);
  assert.deepEqual(await names(), [
    ['core', 1, 3],
    ['edge', 3, null],
  ]);
});

test('an interface that is gone ends, and begins anew when it is back', async () => {
  const { poll, known } = device();
  await poll(1, { 1: 'Gi0/1' });
  await poll(2, {});
  await poll(5, { 1: 'Gi0/1' });
  assert.deepEqual(await known(), [
    [1, 'Gi0/1', 1, 2],
    [1, 'Gi0/1', 5, null],
  ]);
});

test('a clock that was put back leaves one truth for each moment', async () => {
  const { poll, known, names } = device();
  await poll(1, { 1: 'old', 2: 'gone' });
  await poll(30, { 1: 'new' }, 'edge');
  await poll(10, { 1: 'newest' });
  assert.deepEqual(await known(), [
    [1, 'old', 1, 10],
    [1, 'newest', 10, null],
    [2, 'gone', 1, 10],
  ]);
  assert.deepEqual(await names(), [['core', 1, null]]);
});

test('two polls at one moment are one', async () => {
  const { poll, known } = device();
  await poll(1, { 1: 'Gi0/1' });
  await poll(1, { 1: 'Gi0/1' });
  await poll(1, { 1: 'Te0/1' });
  assert.deepEqual(await known(), [[1, 'Te0/1', 1, null]]);
});
