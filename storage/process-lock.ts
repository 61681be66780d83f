import { readFileSync } from 'node:fs';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { DogwatchError } from '../src/runtime/errors.ts';

/**
 * A file that says which process owns a directory. Left by a dead process it is taken over. It guards against a second process
 * on the same machine (and in the same pid namespace), not against other machines.
 */
export class ProcessLock {
  readonly #path: string;
  readonly #content = `${process.pid} ${startOf(process.pid) ?? '-'}\n`;
  #held = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws DogwatchError `LOCKED` while another living process holds it */
  async take(): Promise<void> {
    // Written elsewhere and linked into place, so that nobody ever reads half of it.
    const own = `${this.#path}.${process.pid}`;
    await writeFile(own, this.#content);
    try {
      for (let attempt = 0; attempt < 5 && !this.#held; attempt += 1) {
        this.#held = await linked(own, this.#path);
        if (!this.#held) await this.#removeStale();
      }
    } finally {
      await unlink(own);
    }
    if (!this.#held) throw new DogwatchError('LOCKED', `${this.#path} changes hands too often`);
  }

  async release(): Promise<void> {
    if (!this.#held) return;
    this.#held = false;
    await unlink(this.#path).catch(() => {});
  }

  async #removeStale(): Promise<void> {
    const content = await readFile(this.#path, 'utf8').catch(() => undefined);
    if (content === undefined) return;
    const owner = livingOwner(content);
    if (owner !== undefined) {
      throw new DogwatchError('LOCKED', `${this.#path} is held by the running process ${owner}`, {
        remedy: 'Stop that process, or give this one a directory of its own.',
      });
    }
    // Of two that find it stale, one may already have taken it when the other moves it away: then it is put back.
    const aside = `${this.#path}.stale.${process.pid}`;
    await rename(this.#path, aside).catch(() => {});
    const moved = await readFile(aside, 'utf8').catch(() => undefined);
    if (moved !== undefined && moved !== content) await linked(aside, this.#path);
    await unlink(aside).catch(() => {});
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  return link(from, to).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
}

function livingOwner(content: string): number | undefined {
  const [pid, start] = content.trim().split(' ');
  const owner = Number(pid);
  if (!Number.isSafeInteger(owner) || owner <= 0 || !isAlive(owner)) return undefined;
  const now = startOf(owner);
  return now === undefined || start === '-' || start === now ? owner : undefined;
}

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

// Field 22 of /proc/<pid>/stat (proc_pid_stat(5)): tells a process from a later one with the same number. The name before
// it, in parentheses, may contain anything.
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
