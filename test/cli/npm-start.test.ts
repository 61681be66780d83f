import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CollectorStatus } from '../../src/console/status.ts';
import { freeTcpPort } from '../support/collector-process.ts';
import { startTestDatabase, temporaryDirectory } from '../support/postgres.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('whoever ends `npm start` ends the collector, in order', { timeout: 60_000 }, async (t) => {
  const folder = await temporaryDirectory();
  const database = await startTestDatabase();
  const file = join(folder, 'dogwatch.yaml');
  const settings = {
    stateDirectory: folder,
    listeners: [{ address: '127.0.0.1', port: 0 }],
    http: { port: await freeTcpPort() },
    database: { url: database.connectionString },
  };
  await writeFile(file, JSON.stringify(settings));
  const npm = spawn('npm', ['start', '--silent', '--', '--json', '--config', file], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const events: string[] = [];
  const lines = createInterface({ input: npm.stdout });
  lines.on('line', (line) => events.push(lineOf(line).event));
  const [first]: string[] = await once(lines, 'line');
  const pid = lineOf(first).status?.pid;
  assert.ok(pid !== undefined);
  t.after(() => events.at(-1) !== 'stopped' && process.kill(pid, 'SIGKILL'));
  npm.kill('SIGTERM');
  // The collector has the other end of this pipe: it closes when that is gone.
  await once(lines, 'close');
  assert.deepEqual([events[0], events.at(-1)], ['started', 'stopped']);
});

function lineOf(line = '{}'): { readonly event: string; readonly status?: CollectorStatus } {
  return JSON.parse(line);
}
