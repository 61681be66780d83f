import { createHash } from 'node:crypto';
import { lstat, readFile, readlink, rm, unlink } from 'node:fs/promises';
import { getPriority, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DogwatchError } from '../../src/runtime/errors.ts';
import { type Account, makeOwnDirectory } from './postgres-account.ts';
import { isAlive } from '../process-lock.ts';

// sun_path of unix(7) has 108 bytes, one of them the NUL at the end.
const MAX_SOCKET_PATH_BYTES = 107;
const KILL_GRACE_MS = 2000;
const NICER_BY = 5;
const NICEST = 19;

/**
 * A directory for the server's Unix socket that nobody else can enter: below `home`, or where that path is too long for a
 * socket in the directory for temporary files.
 * @throws DogwatchError `DIRECTORY_UNREACHABLE` where somebody else has taken the name
 */
export async function socketDirectoryFor(home: string, port: number, account: Account | undefined): Promise<string> {
  const wanted = join(home, 'socket');
  if (Buffer.byteLength(join(wanted, `.s.PGSQL.${port}.lock`)) <= MAX_SOCKET_PATH_BYTES) {
    await makeOwnDirectory(wanted, account);
    return wanted;
  }
  const short = join(tmpdir(), `dogwatch-${createHash('sha256').update(home).digest('hex').slice(0, 12)}`);
  const found = await lstat(short).catch(() => undefined);
  const owners = [process.getuid?.(), account?.uid];
  if (found !== undefined && (!found.isDirectory() || !owners.includes(found.uid))) {
    throw new DogwatchError('DIRECTORY_UNREACHABLE', `${short}, meant for a socket, belongs to somebody else`);
  }
  await makeOwnDirectory(short, account);
  return short;
}

/** Removes what `socketDirectoryFor` made, once the server is gone; in the directory for temporary files it would stay for ever. */
export async function removeSocketDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true }).catch(() => {});
}

/**
 * Runs a server behind our own process. Where both want more than the machine has, the database falls behind, which the
 * journal takes; the other way round the receiver would, and the kernel drop datagrams for good. Processes that the server
 * starts later inherit it: setpriority(2).
 */
export function giveWay(pid: number): void {
  try {
    setPriority(pid, Math.min(NICEST, getPriority() + NICER_BY));
  } catch {
    // A system that refuses it runs both alike.
  }
}

/**
 * Stops a server that runs on `dataDirectory` though nobody of us started it: one of an earlier run that was killed.
 * @returns whether there was one
 */
export async function stopLeftover(dataDirectory: string, timeoutMs: number): Promise<boolean> {
  const pidFile = join(dataDirectory, 'postmaster.pid');
  const content = await readFile(pidFile, 'utf8').catch(() => '');
  const pid = Number(content.split('\n')[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1 || !isAlive(pid)) return false;
  if (!(await worksIn(pid, dataDirectory))) {
    // The number belongs to another process now (after a reboot, say), which would keep the server from starting.
    await unlink(pidFile);
    return false;
  }
  await stopPostmaster(pid, timeoutMs);
  return true;
}

/**
 * Fast shutdown (sessions are ended, what was committed is safe), then an immediate one, then a kill.
 * See the PostgreSQL manual, "Shutting Down the Server".
 */
export async function stopPostmaster(pid: number, timeoutMs: number): Promise<void> {
  for (const [signal, patienceMs] of [
    ['SIGINT', timeoutMs],
    ['SIGQUIT', KILL_GRACE_MS],
    ['SIGKILL', KILL_GRACE_MS],
  ] as const) {
    if (!trySignal(pid, signal)) return;
    for (const deadline = performance.now() + patienceMs; performance.now() < deadline; await sleep(20)) {
      if (!isAlive(pid) || (await isZombie(pid))) return;
    }
  }
}

function trySignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

// A postmaster works in its data directory.
async function worksIn(pid: number, directory: string): Promise<boolean> {
  return (await readlink(`/proc/${pid}/cwd`).catch(() => undefined)) === directory;
}

async function isZombie(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}
