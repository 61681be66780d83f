import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../../../src/runtime/log.ts';
import { connect, disconnect } from '../../../storage/database/database.ts';
import { EmbeddedPostgres } from '../../../storage/embedded/embedded-postgres.ts';
import { temporaryDirectory } from '../../support/postgres.ts';

const SETTINGS = { shared_buffers: '16MB', max_wal_size: '128MB', min_wal_size: '32MB' };
const CHILD = new URL('../../support/embedded-postgres-child.ts', import.meta.url).pathname;

async function ask(postgres: EmbeddedPostgres, sql: string): Promise<unknown[]> {
  const client = await connect(postgres.address);
  try {
    return (await client.query(sql)).rows;
  } finally {
    await disconnect(client);
  }
}

async function postmasterPid(stateDirectory: string): Promise<number> {
  const content = await readFile(join(stateDirectory, 'postgresql/18/data/postmaster.pid'), 'utf8');
  return Number(content.split('\n')[0]);
}

/** Whether it has ended; one that nobody has waited for (a zombie) counts as well. */
function isGone(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return status.slice(status.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return true;
  }
}

/** Field 19 of proc_pid_stat(5); the name in field 2 may hold spaces. */
function nicenessOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[16]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('data survive a restart, and after a stop no process is left', async () => {
  const stateDirectory = await temporaryDirectory();
  const first = new EmbeddedPostgres({ stateDirectory, settings: SETTINGS }, silentLog);
  await first.start();
  await ask(first, `CREATE TABLE kept AS SELECT 'é' AS word`);
  const pid = await postmasterPid(stateDirectory);
  await first.stop();
  assert(isGone(pid));
  const second = new EmbeddedPostgres({ stateDirectory, settings: SETTINGS }, silentLog);
  await second.start();
  assert.deepEqual(await ask(second, `SELECT word, current_setting('server_encoding') AS encoding FROM kept`), [
    { word: 'é', encoding: 'UTF8' },
  ]);
  assert.equal((await stat(second.address.host ?? '')).mode & 0o777, 0o700);
  await second.stop();
});

test('two do not share a state directory', async () => {
  const stateDirectory = await temporaryDirectory();
  const first = new EmbeddedPostgres({ stateDirectory, settings: SETTINGS }, silentLog);
  await first.start();
  const second = new EmbeddedPostgres({ stateDirectory, settings: SETTINGS }, silentLog);
  await assert.rejects(second.start(), { code: 'LOCKED' });
  await second.stop();
  assert.equal((await ask(first, 'SELECT 1')).length, 1);
  await first.stop();
});

test('the server that a killed process left behind is stopped, and its data are whole', async () => {
  const stateDirectory = await temporaryDirectory();
  const child = spawn(process.execPath, [CHILD, stateDirectory], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const left = await postmasterPid(stateDirectory);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert(!isGone(left), 'the server should have outlived its parent');
  const postgres = new EmbeddedPostgres({ stateDirectory, settings: SETTINGS }, silentLog);
  await postgres.start();
  assert(isGone(left));
  assert.deepEqual(await ask(postgres, 'SELECT count(*)::int4 AS count FROM kept'), [{ count: 1000 }]);
  await postgres.stop();
});

test('a server that dies is started again by itself', async () => {
  const stateDirectory = await temporaryDirectory();
  const back = Promise.withResolvers<void>();
  const log = { ...silentLog, info: (_: unknown, message: string) => message.includes('back') && back.resolve() };
  const postgres = new EmbeddedPostgres(
    { stateDirectory, settings: SETTINGS },
    Object.assign(Object.create(silentLog), log),
  );
  await postgres.start();
  process.kill(await postmasterPid(stateDirectory), 'SIGKILL');
  await back.promise;
  assert.deepEqual(await ask(postgres, 'SELECT 1 AS one'), [{ one: 1 }]);
  await postgres.stop();
});

test('over TCP it asks for the password, and a path too long for a socket is no obstacle', async () => {
  const stateDirectory = join(await temporaryDirectory(), 'a-directory-with-a-rather-long-name'.repeat(3));
  const tcpPort = await freePort();
  const postgres = new EmbeddedPostgres({ stateDirectory, tcpPort, settings: SETTINGS }, silentLog);
  await postgres.start();
  assert.deepEqual(await ask(postgres, 'SELECT 1 AS one'), [{ one: 1 }]);
  const overTcp = { host: '127.0.0.1', port: tcpPort, user: 'dogwatch', database: 'dogwatch' };
  await assert.rejects(connect({ ...overTcp, password: 'guess' }), { code: '28P01' });
  const password = (await readFile(postgres.passwordFile, 'utf8')).trim();
  await disconnect(await connect({ ...overTcp, password }));
  const socketDirectory = postgres.address.host ?? '';
  assert.equal(dirname(socketDirectory), tmpdir());
  await postgres.stop();
  await assert.rejects(stat(socketDirectory), { code: 'ENOENT' });
});

test('all its processes give way to ours', async () => {
  const stateDirectory = await temporaryDirectory();
  const postgres = new EmbeddedPostgres({ stateDirectory, settings: SETTINGS }, silentLog);
  await postgres.start();
  const client = await connect(postgres.address);
  const { rows } = await client.query<{ pid: number }>('SELECT pid FROM pg_stat_activity');
  const pids = [await postmasterPid(stateDirectory), ...rows.map(({ pid }) => pid)];
  assert(pids.length > 3, 'the postmaster, ours, and those in the background');
  const wanted = Math.min(19, nicenessOf(process.pid) + 5);
  assert.deepEqual(new Set(pids.map(nicenessOf)), new Set([wanted]));
  await disconnect(client);
  await postgres.stop();
});

test('a server that cannot start says why, in the words of its log', async () => {
  const stateDirectory = await temporaryDirectory();
  const postgres = new EmbeddedPostgres({ stateDirectory, settings: { shared_buffers: 'plenty' } }, silentLog);
  await assert.rejects(postgres.start(), { code: 'POSTGRES_FAILED', message: /shared_buffers/ });
  await postgres.stop();
});
