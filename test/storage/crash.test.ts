import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { connect, disconnect } from '../../storage/database.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';

const CHILD = new URL('../support/storage-child.ts', import.meta.url).pathname;
const ROUNDS = 8;

test('a process that is killed again and again under load loses no accepted batch and writes none twice', async () => {
  const { address, connectionString } = await startTestDatabase();
  const directory = await temporaryDirectory();
  const accepted = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const child = spawn(process.execPath, [CHILD, directory, connectionString], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    let left = 20 + round * 37;
    for await (const id of createInterface(child.stdout)) {
      if (id.length === 36) accepted.add(id);
      left -= 1;
      if (left === 0) child.kill('SIGKILL');
    }
    await exited;
  }
  const last = spawn(process.execPath, [CHILD, directory, connectionString, 'drain'], { stdio: 'inherit' });
  assert.deepEqual(await once(last, 'exit'), [0, null]);

  const client = await connect(address);
  const ledger = await client.query<{ id: string }>('SELECT id FROM batches');
  const written = new Set(ledger.rows.map((row) => row.id));
  assert.deepEqual(
    [...accepted].filter((id) => !written.has(id)),
    [],
  );
  const flows = await client.query<{ count: number }>('SELECT count(*)::int4 FROM flows');
  assert.equal(flows.rows[0]?.count, 100 * written.size);
  // One that was in the journal already when the process died before it could say so may be written: at most one a round.
  assert(written.size - accepted.size <= ROUNDS, `${written.size} written, ${accepted.size} accepted`);
  await disconnect(client);
});
