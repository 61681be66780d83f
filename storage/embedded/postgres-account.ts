import { execFile } from 'node:child_process';
import { access, chmod, chown, constants, cp, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { DogwatchError, messageOf } from '../../src/runtime/errors.ts';

const run = promisify(execFile);

/** Numeric user and group that PostgreSQL runs as. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account to run PostgreSQL with: undefined for an ordinary user (it is the user's own), otherwise `name`, which is
 * created where it is missing, since PostgreSQL refuses to run as root.
 * @throws DogwatchError `ACCOUNT_MISSING` where it cannot be created
 */
export async function accountForPostgres(name: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const found = await findAccount(name);
  if (found !== undefined) return found;
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', name]);
  } catch (error) {
    // Another process may have been faster.
    const created = await findAccount(name);
    if (created !== undefined) return created;
    throw new DogwatchError('ACCOUNT_MISSING', `the account ${name}, which PostgreSQL needs, could not be created`, {
      cause: error,
      remedy: `Create a system account called ${name}, or start Dogwatch as an ordinary user.`,
    });
  }
  const created = await findAccount(name);
  if (created === undefined) throw new DogwatchError('ACCOUNT_MISSING', `the account ${name} is not in /etc/passwd`);
  return created;
}

async function findAccount(name: string): Promise<Account | undefined> {
  const passwd = await readFile('/etc/passwd', 'utf8');
  for (const line of passwd.split('\n')) {
    const [entry, , uid, gid] = line.split(':');
    if (entry === name) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/**
 * Makes `directory` with all its parents; it belongs to `account` and is closed to others.
 * @throws DogwatchError `DIRECTORY_UNREACHABLE` where a parent keeps the account out
 */
export async function makeOwnDirectory(directory: string, account: Account | undefined): Promise<void> {
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o700);
  if (account === undefined) return;
  await chown(directory, account.uid, account.gid);
  for (let parent = dirname(resolve(directory)); parent !== dirname(parent); parent = dirname(parent)) {
    const { mode, uid, gid } = await stat(parent);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) !== 0) continue;
    throw new DogwatchError(
      'DIRECTORY_UNREACHABLE',
      `${parent} keeps the account ${account.name} out of ${directory}`,
      {
        remedy: `Choose a state directory that every account can reach, such as /var/lib/dogwatch, or: chmod o+x ${parent}`,
      },
    );
  }
}

/**
 * PostgreSQL's programs as `account` can run them: those in `nativeDirectory` (of the npm package, with `bin`, `lib` and
 * `share` in it), or where the account cannot reach them a copy below `copyDirectory`.
 * @returns the directory of the programs
 * @throws DogwatchError `POSTGRES_UNUSABLE`
 */
export async function usablePrograms(
  nativeDirectory: string,
  copyDirectory: string,
  account: Account | undefined,
): Promise<string> {
  const original = join(nativeDirectory, 'bin');
  if ((await whyNotRunnable(original, account)) === undefined) return original;
  const copied = join(copyDirectory, 'bin');
  if ((await whyNotRunnable(copied, account)) !== undefined) await copyTree(nativeDirectory, copyDirectory);
  const reason = await whyNotRunnable(copied, account);
  if (reason === undefined) return copied;
  throw new DogwatchError('POSTGRES_UNUSABLE', `PostgreSQL does not run on this machine: ${reason}`, {
    remedy: 'Configure an external PostgreSQL instead.',
  });
}

async function copyTree(from: string, to: string): Promise<void> {
  const unfinished = `${to}.${process.pid}`;
  await rm(unfinished, { recursive: true, force: true });
  await cp(from, unfinished, { recursive: true, verbatimSymlinks: true });
  await chmod(unfinished, 0o755);
  await rm(to, { recursive: true, force: true });
  await rename(unfinished, to);
}

async function whyNotRunnable(programs: string, account: Account | undefined): Promise<string | undefined> {
  const identity = account === undefined ? {} : { uid: account.uid, gid: account.gid };
  try {
    await access(join(programs, 'postgres'), constants.F_OK);
    await run(join(programs, 'postgres'), ['--version'], { ...identity, cwd: '/', timeout: 30_000 });
    // The data of the programs (time zones, initdb's templates) must be readable, too.
    await run('/bin/sh', ['-c', 'test -r "$0"', join(programs, '../share/postgresql/postgres.bki')], {
      ...identity,
      cwd: '/',
    });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
