import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import type { CollectorStatus } from '../../src/console/status.ts';
import { disconnect } from '../../storage/database/database.ts';
import { CollectorProcess } from '../support/collector-process.ts';
import { FaultyDatabase } from '../support/database-faults/faulty-database.ts';
import { differences, NumberedFlows } from '../support/database-faults/numbered-flows.ts';
import { temporaryDirectory } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';

// Two nodes with one journal folder and one database.

const RECORDS_PER_SECOND = 2000;
const BACKLOG_RECORDS = 6000;

test('what a node that died had accepted is written by the other one, once, also when the node comes back meanwhile', async (t) => {
  const database = await FaultyDatabase.start(t, { stateDirectory: await temporaryDirectory() });
  const directory = join(await temporaryDirectory(), 'journal');
  const nodes = { a: await temporaryDirectory(), b: await temporaryDirectory() };
  const start = (name: 'a' | 'b', flowPort = 0): Promise<CollectorProcess> =>
    startNode(t, name, nodes[name], directory, database.url(), flowPort);
  const a = await start('a');
  const b = await start('b');
  const first = await NumberedFlows.start(a.flowPort, RECORDS_PER_SECOND);
  t.after(() => first.stop());
  await eventually('a writes', async () => (await a.status()).writer.rows > RECORDS_PER_SECOND);
  await database.stop();
  await eventually('a has a backlog', async () => (await a.status()).journal.rows > BACKLOG_RECORDS);
  const sentBefore = first.stop();
  await eventually('a has received all', async () => (await a.status()).flow.records >= sentBefore);
  await a.kill();

  await eventually('b has the journal of a', async () => isAdopting(await b.status()), 40_000);
  const again = await start('a', a.flowPort);
  const folders = await readdir(join(directory, 'a'));
  assert.ok(
    folders.some((name) => /^0\.[0-9a-f]+$/.test(name)),
    `a goes on beside its folder, which b has: ${folders.join(', ')}`,
  );
  const second = await NumberedFlows.start(again.flowPort, RECORDS_PER_SECOND, sentBefore);
  t.after(() => second.stop());
  await eventually('a collects', async () => (await again.status()).flow.records > RECORDS_PER_SECOND);
  await database.start();
  await eventually('b has written it', async () => hasAdopted(await b.status()), 60_000);
  const sent = second.stop();
  await eventually('a has received all', async () => (await again.status()).flow.records >= sent - sentBefore);
  await eventually('a has written all', async () => (await again.status()).journal.rows === 0, 40_000);

  await again.stop();
  const { adoptedRows } = (await b.status()).journal;
  await b.stop();
  const client = await database.connect();
  t.after(() => disconnect(client));
  assert.deepEqual(await differences(client, sent), { missing: 0, double: 0, wrong: 0 });
  const { rows } = await client.query<{ node: string; rows: number }>(
    `SELECT node, sum(rows)::int AS rows FROM batches WHERE table_name = 'flows' GROUP BY 1 ORDER BY 1`,
  );
  t.diagnostic(`${sent} sent, ${adoptedRows} rows adopted; written by ${JSON.stringify(rows)}`);
  assert.ok(adoptedRows >= BACKLOG_RECORDS);
});

async function startNode(
  t: TestContext,
  name: string,
  folder: string,
  directory: string,
  databaseUrl: string,
  flowPort: number,
): Promise<CollectorProcess> {
  const collector = await CollectorProcess.start({
    folder,
    databaseUrl,
    flowPort,
    settings: {
      node: { name },
      workers: 1,
      batch: { rows: 500, bytes: '2MiB', age: '100ms' },
      journal: { directory, claimTimeout: '5s' },
    },
  });
  t.after(() => collector.kill());
  return collector;
}

function isAdopting({ warnings }: CollectorStatus): boolean {
  return warnings.some((warning) => warning.startsWith('the journal of a is being written'));
}

function hasAdopted(status: CollectorStatus): boolean {
  return status.journal.adoptedRows >= BACKLOG_RECORDS && !isAdopting(status);
}
