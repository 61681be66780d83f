import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, disconnect } from '../../../storage/database/database.ts';
import { listPartitions } from '../../../storage/database/partitions.ts';
import { coverBuckets, expireRollups } from '../../../storage/rollups/rollup-partitions.ts';
import { startTestDatabase } from '../../support/postgres.ts';

const LEVELS = ['flows_1m', 'flows_10m', 'flows_1h'] as const;
/** In the middle of a day: a partition of minutes is a day, of the others a month. */
const NOW = Date.UTC(2026, 5, 20, 12) * 1000;
const DAYS = ['2024-03-01', '2026-02-03', '2026-04-30', '2026-06-17', '2026-06-18', '2026-06-19', '2026-06-20'];

test('each level of rollups goes by its own age, a partition when all of it is over age, and takes no other level with it', async () => {
  const database = await startTestDatabase();
  const client = await connect(database.address);
  const times = DAYS.map((day) => Date.parse(`${day}T10:00:00Z`) * 1000);
  await coverBuckets(client, times);
  for (const time of times) {
    const bucket = new Date(time / 1000);
    for (const level of LEVELS)
      await client.query(
        `INSERT INTO ${level} (bucket, exporter, dimension, is_remainder, flows, counted_flows, unknown_sampling)
         VALUES ($1, '192.0.2.1', 'total', false, 1, 1, 0)`,
        [bucket],
      );
    await client.query('INSERT INTO rollup_minutes (minute, source) VALUES ($1, 1)', [bucket]);
  }

  const dropped = await expireRollups(client, { minute: 2, tenMinutes: 60, hour: 400 }, NOW);

  assert.deepEqual(dropped.toSorted(), [
    'flows_10m_202403',
    'flows_10m_202602',
    'flows_1h_202403',
    'flows_1m_20240301',
    'flows_1m_20260203',
    'flows_1m_20260430',
    'flows_1m_20260617',
  ]);
  const left = async (level: string): Promise<string[]> => {
    const { rows } = await client.query<{ day: string }>(`SELECT bucket::date::text AS day FROM ${level} ORDER BY 1`);
    return rows.map(({ day }) => day);
  };
  assert.deepEqual(await left('flows_1m'), DAYS.slice(4), 'of the 18th, the evening is not over age');
  assert.deepEqual(await left('flows_10m'), DAYS.slice(2), 'April ended less than 60 days ago');
  assert.deepEqual(await left('flows_1h'), DAYS.slice(1));
  const minutes = await client.query('SELECT FROM rollup_minutes');
  assert.equal(minutes.rowCount, DAYS.length - 1, 'what was rolled up is known for as long as any level keeps it');
  for (const level of LEVELS) assert.ok((await listPartitions(client, level)).length > 0);
  assert.deepEqual(
    await expireRollups(client, { minute: 2, tenMinutes: 60, hour: 400 }, NOW),
    [],
    'and again: nothing',
  );
  await disconnect(client);
  await database.stop();
});
