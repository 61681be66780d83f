import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { checkClaims } from '../../src/cli/checks/claims.ts';
import { checkWorkers } from '../../src/cli/checks/workers.ts';
import { loadConfig } from '../../src/config/load.ts';
import { encodeRecord } from '../../storage/journal/claim/claim-record.ts';
import { ownIdentity } from '../../storage/journal/claim/process-identity.ts';
import { exampleStatus } from '../support/example-status.ts';

/** A configuration of node `edge1` with a folder of its own. */
function configOf(context: TestContext, environment: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'dogwatch-claims-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const settings = { DOGWATCH_STATE_DIRECTORY: folder, DOGWATCH_NODE__NAME: 'edge1', ...environment };
  return loadConfig({ directory: folder, environment: settings }).config;
}

async function claim(folder: string, changes: object): Promise<void> {
  await mkdir(folder, { recursive: true });
  const record = { id: 'a', node: 'edge1', ...ownIdentity(), purpose: 'own' as const, beat: 1, ...changes };
  await writeFile(join(folder, 'claim.3'), encodeRecord(record));
}

test('a journal that nobody has used is used by nobody', async (context) => {
  const results = await checkClaims({ config: configOf(context), running: undefined });
  assert.deepEqual(results, [{ name: 'journal, folders', state: 'ok', found: 'used by nobody' }]);
});

test('a folder that a living stranger has fails, one of the running collector and one of a dead process do not', async (context) => {
  const config = configOf(context);
  await claim(join(config.journal.directory, 'edge1', '0'), {});
  const [stranger] = await checkClaims({ config, running: undefined });
  assert.equal(stranger?.state, 'fail');
  assert.equal(stranger.found, `edge1/0 is used by process ${process.pid}`);
  const example = exampleStatus();
  const worker = { name: 'worker 1', pid: process.pid, state: 'running', restarts: 0, memoryBytes: 0 } as const;
  const running = { ...example, processes: [{ ...worker, trouble: undefined }] };
  const [own] = await checkClaims({ config, running });
  assert.deepEqual([own?.state, own?.found], ['ok', '1 used by the running collector']);
  const child = spawn('true');
  await once(child, 'exit');
  await claim(join(config.journal.directory, 'edge1', '0'), { pid: child.pid, start: '1' });
  const [dead] = await checkClaims({ config, running: undefined });
  assert.deepEqual([dead?.state, dead?.found], ['ok', '1 left by processes that are dead; what is in them is written']);
});

test('a folder of this node that another machine has is warned of, a folder of another node is not', async (context) => {
  const config = configOf(context);
  const elsewhere = { hostname: 'collector-b', bootId: 'another', pid: 12 };
  await claim(join(config.journal.directory, 'edge1', '1'), elsewhere);
  await claim(join(config.journal.directory, 'edge2', '0'), { ...elsewhere, node: 'edge2' });
  const [own, other] = await checkClaims({ config, running: undefined });
  assert.equal(own?.state, 'warn');
  assert.equal(own.found, 'edge1/1 was taken by process 12 on collector-b');
  assert.match(own.remedy ?? '', /node\.name of its own.*taken over after 30s\.$/);
  assert.deepEqual(other, { name: 'journal, other nodes', state: 'ok', found: 'shared with edge2' });
});

test('more workers than cores are warned of', async (context) => {
  const cores = availableParallelism();
  const of = async (workers: string) => {
    const [result] = await checkWorkers({
      config: configOf(context, { DOGWATCH_WORKERS: workers }),
      running: undefined,
    });
    return result;
  };
  assert.equal((await of('auto'))?.state, 'ok');
  const many = await of('64');
  assert.equal(many?.state, cores < 64 ? 'warn' : 'ok');
  assert.equal(many.found, `64 on ${cores} cores, each with 160.0 MiB of the journal`);
});
