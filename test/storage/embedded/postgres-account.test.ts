import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { accountForPostgres, makeOwnDirectory, usablePrograms } from '../../../storage/embedded/postgres-account.ts';
import { packagedPostgres } from '../../../storage/embedded/postgres-package.ts';
import { temporaryDirectory } from '../../support/postgres.ts';

const CHILD = new URL('../../support/embedded-postgres-child.ts', import.meta.url).pathname;
const IS_ROOT = process.getuid?.() === 0;
const ORDINARY = { uid: 65_534, gid: 65_534 }; // "nobody"
const needsRoot = IS_ROOT ? false : 'needs root';

function ordinaryCanReachUs(): boolean {
  return IS_ROOT && spawnSync(process.execPath, ['--check', CHILD], { ...ORDINARY, cwd: '/' }).status === 0;
}

test('programs that the account cannot reach are copied to where it can', { skip: needsRoot }, async () => {
  const account = await accountForPostgres('dogwatch');
  const { nativeDirectory } = await packagedPostgres();
  const base = await temporaryDirectory();
  const closed = join(base, 'closed');
  await mkdir(closed, { mode: 0o700 });
  await cp(nativeDirectory, join(closed, 'native'), { recursive: true, verbatimSymlinks: true });
  const open = join(base, 'programs');
  const programs = await usablePrograms(join(closed, 'native'), open, account);
  assert.equal(programs, join(open, 'bin'));
  const version = execFileSync(join(programs, 'postgres'), ['--version'], { uid: account?.uid, gid: account?.gid });
  assert.match(version.toString(), /PostgreSQL\) 18/);
  const copiedAt = (await stat(open)).birthtimeMs;
  assert.equal(await usablePrograms(join(closed, 'native'), open, account), programs);
  assert.equal((await stat(open)).birthtimeMs, copiedAt, 'one copy is enough');
});

test('programs that the account can reach are used where they are', { skip: needsRoot }, async () => {
  const base = await temporaryDirectory();
  const { nativeDirectory } = await packagedPostgres();
  await cp(nativeDirectory, join(base, 'native'), { recursive: true, verbatimSymlinks: true });
  const programs = await usablePrograms(join(base, 'native'), join(base, 'copy'), await accountForPostgres('dogwatch'));
  assert.equal(programs, join(base, 'native/bin'));
});

test(
  'a directory behind a closed one is refused, with the command that would open it',
  { skip: needsRoot },
  async () => {
    const closed = join(await temporaryDirectory(), 'closed');
    await mkdir(closed, { mode: 0o700 });
    const account = await accountForPostgres('dogwatch');
    await assert.rejects(makeOwnDirectory(join(closed, 'data'), account), {
      code: 'DIRECTORY_UNREACHABLE',
      remedy: new RegExp(`chmod o\\+x ${closed}$`),
    });
    await chmod(closed, 0o711);
    await makeOwnDirectory(join(closed, 'data'), account);
    assert.equal((await stat(join(closed, 'data'))).uid, account?.uid);
  },
);

const unreachable = ordinaryCanReachUs() ? false : 'needs root, and a checkout that every account can read';
test('an ordinary user runs the server as itself', { skip: unreachable }, async () => {
  const directory = await temporaryDirectory();
  await chown(directory, ORDINARY.uid, ORDINARY.gid);
  const child = spawn(process.execPath, [CHILD, directory], { ...ORDINARY, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const pidFile = join(directory, 'postgresql/18/data/postmaster.pid');
  const pid = Number((await readFile(pidFile, 'utf8')).split('\n')[0]);
  assert.equal((await stat(`/proc/${pid}`)).uid, ORDINARY.uid);
  child.kill('SIGTERM');
  await once(child, 'exit');
  await assert.rejects(stat(pidFile), { code: 'ENOENT' });
});
